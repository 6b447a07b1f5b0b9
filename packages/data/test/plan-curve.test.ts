/** The plan of a learning curve: nested parts of the training rows, everything else as the experiment had it. */
import { buildTensors, type ColumnTable, foldRows, openPlan, planCurve } from "@rightsize/data";
import { beforeAll, describe, expect, it } from "vitest";
import { planOf, tableFrom } from "./support/tables.ts";

let table: ColumnTable;
beforeAll(async () => {
  const lines = Array.from(
    { length: 200 },
    (_, row) => `${(row * 37) % 101},${["red", "green", "blue"][(row * row) % 3]},${(row * 53) % 97}`,
  );
  table = await tableFrom(`size,colour,price\n${lines.join("\n")}\n`);
});

const request = { folds: [0], fractions: [1, 0.5, 0.25, 0.125], leastRows: 8, seed: 3 };
const curveOf = (bytes: Uint8Array, more: Partial<typeof request> = {}) => planCurve(bytes, { ...request, ...more });

describe("the plan of a learning curve", () => {
  it("has parts that lie within each other, with the same validation rows and no test rows", () => {
    const { bytes, plan } = planOf(table, "price", "regression");
    const { curve, bytes: curveBytes } = curveOf(bytes);
    expect(plan.trainingRows).toBe(112);
    expect(curve.parts).toEqual([
      { fold: 0, fraction: 1, trainingRows: 112 },
      { fold: 0, fraction: 0.5, trainingRows: 56 },
      { fold: 0, fraction: 0.25, trainingRows: 28 },
      { fold: 0, fraction: 0.125, trainingRows: 14 },
    ]);
    const file = openPlan(curveBytes);
    const parts = curve.parts.map((_, fold) => foldRows(file, fold));
    const whole = foldRows(openPlan(bytes), 0);
    expect(parts[0]?.training).toEqual(whole.training);
    for (const [index, { training, validation, test }] of parts.entries()) {
      expect(training).toHaveLength(curve.parts[index]?.trainingRows ?? 0);
      expect([...training]).toEqual([...training].sort((a, b) => a - b));
      expect(validation).toEqual(whole.validation);
      expect(test).toHaveLength(0);
      const larger = new Set(parts[Math.max(0, index - 1)]?.training);
      expect([...training].every((row) => larger.has(row))).toBe(true);
    }
  });

  it("gives the whole part the very numbers of the experiment's own fold", () => {
    const { bytes } = planOf(table, "price", "regression");
    const own = buildTensors(table, openPlan(bytes), 0);
    const whole = buildTensors(table, openPlan(curveOf(bytes).bytes), 0);
    const count = whole.tensors.rowCount;
    expect(whole.tensors.x).toEqual(own.tensors.x.subarray(0, count * own.tensors.inputs));
    expect(whole.tensors.y).toEqual(own.tensors.y.subarray(0, count));
    expect(whole.rows.training).toEqual(own.rows.training);
    expect(whole.rows.validation).toEqual(own.rows.validation);
  });

  it("keeps the experiment's unit: a part standardises as the whole does", () => {
    const { bytes } = planOf(table, "price", "regression");
    const file = openPlan(curveOf(bytes).bytes);
    expect(buildTensors(table, file, 3).target).toEqual(buildTensors(table, file, 0).target);
  });

  it("takes parts of several folds, each of its own rows", () => {
    const { bytes } = planOf(table, "price", "regression", {
      split: { kind: "folds", folds: 4, testFraction: 0.2, seed: 5, stratify: false },
    });
    const { curve, bytes: curveBytes } = curveOf(bytes, { folds: [0, 2], fractions: [1, 0.5] });
    expect(curve.parts.map(({ fold, trainingRows }) => [fold, trainingRows])).toEqual([
      [0, 120],
      [2, 120],
      [0, 60],
      [2, 60],
    ]);
    const [file, own] = [openPlan(curveBytes), openPlan(bytes)];
    expect(foldRows(file, 1).training).toEqual(foldRows(own, 2).training);
    expect(foldRows(file, 3).validation).toEqual(foldRows(own, 2).validation);
  });

  it("is the same for the same request, another for another seed, and leaves out parts that are too small", () => {
    const { bytes } = planOf(table, "price", "regression");
    expect(curveOf(bytes).bytes).toEqual(curveOf(bytes).bytes);
    expect(Buffer.from(curveOf(bytes, { seed: 4 }).bytes).equals(Buffer.from(curveOf(bytes).bytes))).toBe(false);
    expect(curveOf(bytes, { leastRows: 20 }).curve.parts).toHaveLength(3);
    expect(curveOf(bytes, { leastRows: 10_000 }).curve.parts).toEqual([{ fold: 0, fraction: 1, trainingRows: 112 }]);
  });
});
