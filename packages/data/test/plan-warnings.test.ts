/** What a plan warns of: rows on both sides of the split, and features that give the target away. */
import type { SplitSpec } from "@rightsize/core";
import { foldRows, openPlan } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { planOf, tableFrom } from "./support/tables.ts";

/** Rows that differ, but for the copies named: `copies[row]` is the row it repeats. */
async function tableWith(copies: Readonly<Record<number, number>>) {
  const cells = (row: number) =>
    `${(row * 37) % 101},${row % 5 === 4 ? "" : (row * row) % 7},${["red", "green"][row % 2]},${(row * 13) % 97}`;
  const lines = Array.from({ length: 40 }, (_, row) => `${row},${cells(copies[row] ?? row)}`);
  return await tableFrom(`number,size,gappy,colour,price\n${lines.join("\n")}\n`);
}
const rows: Extract<SplitSpec, { kind: "rows" }> = {
  kind: "rows",
  training: [...Array(20).keys()],
  validation: [20, 21, 22, 23, 24, 25, 26, 27, 28, 29],
  test: [30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
};
const warningsOf = async (copies: Record<number, number>, split: SplitSpec = rows) => {
  // The row's number tells every row from every other, and is left out as an identifier.
  const { plan } = planOf(await tableWith(copies), "price", "regression", { split });
  expect(plan.featureColumns).toEqual(["size", "gappy", "colour"]);
  return plan.warnings;
};

describe("rows on both sides of the split", () => {
  it("are none where no row repeats another", async () => {
    expect(await warningsOf({})).toEqual([]);
  });

  it("are counted in validation and in test, though an identifier tells them apart, gaps included", async () => {
    expect(await warningsOf({ 21: 4, 25: 4, 33: 7 })).toEqual([
      "repeated rows: 2 of 10 validation rows and 1 of 10 test rows equal a training row in the target and every feature, " +
        "so their scores partly measure memory; remove the copies, or split by a column that keeps them together",
    ]);
  });

  it("aren't those that repeat a row of their own part, nor test rows that repeat a validation row", async () => {
    expect(await warningsOf({ 5: 4, 22: 21, 33: 32, 34: 21 })).toEqual([]);
  });

  it("count wherever the training row stands in the table", async () => {
    const backwards: SplitSpec = {
      ...rows,
      training: [...rows.validation, ...rows.test],
      validation: [...Array(10).keys()],
      test: [10, 11, 12],
    };
    expect((await warningsOf({ 33: 4 }, backwards))[0]).toMatch(/^repeated rows: 1 of 10 validation rows equal/);
  });

  it("with folds count in every fold where one trains and the other validates", async () => {
    const split: SplitSpec = { kind: "folds", folds: 2, testFraction: 0, seed: 0, stratify: false };
    const table = await tableWith(Object.fromEntries(Array.from({ length: 20 }, (_, row) => [row + 20, row])));
    const { plan, bytes } = planOf(table, "price", "regression", { split });
    const first = new Set(foldRows(openPlan(bytes), 0).validation);
    const apart = Array.from({ length: 40 }, (_, row) => row).filter((row) => first.has(row) !== first.has((row + 20) % 40)).length;
    expect(apart).toBeGreaterThan(0);
    expect(plan.warnings[0]).toMatch(new RegExp(`^repeated rows: ${apart} of 40 validation rows equal`));
  });
});

describe("features that give the target away", () => {
  const lines = Array.from({ length: 40 }, (_, row) => {
    const [casual, registered] = [(row * 7) % 41, (row * 31) % 83];
    return `${casual},${registered},${casual + registered},${(row * 3) % 17}`;
  });
  const bike = () => tableFrom(`casual,registered,cnt,hour\n${lines.join("\n")}\n`);

  it("are named: casual + registered = cnt", async () => {
    const { plan } = planOf(await bike(), "cnt", "regression");
    expect(plan.warnings[0]).toMatch(/^leak: casual and registered among the features: cnt = casual \+ registered/);
  });

  it("are none where the request excludes them", async () => {
    const { plan } = planOf(await bike(), "cnt", "regression", { features: { exclude: ["casual", "registered"] } });
    expect(plan.warnings).toEqual([]);
  });
});
