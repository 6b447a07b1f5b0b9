/** Every real table at hand loads, plans and becomes tensors. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "@rightsize/core";
import { buildTensors, openPlan } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { planOf, readAndOpen, vegaFolder } from "./support/tables.ts";

interface Listed {
  readonly name: string;
  readonly task: Task;
  readonly file: string | readonly string[];
  readonly target: string;
  readonly rows: number;
  readonly columns: number;
  readonly categorical: readonly string[];
  readonly drop: readonly string[];
  readonly missing_cells: number;
  readonly classes: number | null;
}
const shared = join(import.meta.dirname, "../../../../shared/data");
const present = existsSync(join(shared, "datasets.json"));
const listed: readonly Listed[] = present ? JSON.parse(readFileSync(join(shared, "datasets.json"), "utf8")) : [];

describe.skipIf(!present)("the shared tables (skipped where the folder ../shared/data isn't there)", () => {
  it.each(listed.filter(({ file }) => typeof file === "string"))("$name: $rows rows, target $target", async (entry) => {
    const { reading, table } = await readAndOpen(join(shared, entry.name, "data.csv"));
    expect(reading).toMatchObject({ format: "csv", rowCount: entry.rows });
    expect(reading.columns).toHaveLength(entry.columns);
    expect(reading.columns.reduce((sum, column) => sum + column.gapCount, 0)).toBe(entry.missing_cells);
    for (const name of entry.categorical) {
      expect(["category", "boolean"]).toContain(reading.columns.find((column) => column.name === name)?.type);
    }
    const { plan, bytes } = planOf(table, entry.target, entry.task, { features: { exclude: entry.drop } });
    expect(plan.trainingRows + plan.validationRows + plan.testRows).toBe(entry.rows);
    expect(plan.classes).toHaveLength(entry.classes ?? 0);
    expect(plan.meanPredictorLoss[0]).toBeGreaterThan(0);
    const { tensors, rows } = buildTensors(table, openPlan(bytes), 0);
    expect(tensors.x.every(Number.isFinite)).toBe(true);
    expect(tensors.y.every(Number.isFinite)).toBe(true);
    expect(trainingMoments(tensors.x, tensors.inputs, rows.training)).toBeLessThan(2e-4);
  });
});

/** The largest distance of any input's training mean from 0 or deviation from 1. */
function trainingMoments(x: Float32Array, inputs: number, training: Int32Array): number {
  let worst = 0;
  for (let input = 0; input < inputs; input++) {
    let sum = 0;
    let squares = 0;
    for (const row of training) {
      const value = x[row * inputs + input] as number;
      sum += value;
      squares += value * value;
    }
    const mean = sum / training.length;
    worst = Math.max(worst, Math.abs(mean), Math.abs(Math.sqrt(squares / training.length - mean * mean) - 1));
  }
  return worst;
}

describe("cars.json (Auto MPG, as the demo uploads it)", () => {
  it("predicts Miles_per_Gallon from everything but the name, which is an identifier", async () => {
    const { reading, table } = await readAndOpen(join(vegaFolder, "cars.json"));
    expect(reading.format).toBe("json");
    expect(reading.rowCount).toBe(406);
    expect(Object.fromEntries(reading.columns.map(({ name, type }) => [name, type]))).toEqual({
      Name: "text",
      Miles_per_Gallon: "number",
      Cylinders: "integer",
      Displacement: "number",
      Horsepower: "integer",
      Weight_in_lbs: "integer",
      Acceleration: "number",
      Year: "date",
      Origin: "category",
    });
    const { plan, bytes } = planOf(table, "Miles_per_Gallon", "regression");
    expect(plan.droppedRows).toBe(8);
    expect(plan.trainingRows + plan.validationRows + plan.testRows).toBe(398);
    expect(plan.leftOut).toEqual([{ name: "Name", reason: expect.stringMatching(/identifier/) }]);
    expect(plan.featureColumns).toEqual(["Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration", "Year", "Origin"]);
    expect(plan).toMatchObject({ outputs: 1, folds: 1, classes: [] });
    expect(plan.meanPredictorLoss[0]).toBeGreaterThan(0.5);
    expect(plan.meanPredictorLoss[0]).toBeLessThan(1.6);
    expect(buildTensors(table, openPlan(bytes), 0).tensors.inputs).toBe(plan.inputs);
  });

  it("classifies Origin into its three classes", async () => {
    const { table } = await readAndOpen(join(vegaFolder, "cars.json"));
    const { plan } = planOf(table, "Origin", "classification", {
      split: { kind: "folds", folds: 5, testFraction: 0.2, seed: 3, stratify: true },
    });
    expect(plan.classes).toEqual(["Europe", "Japan", "USA"]);
    expect(plan).toMatchObject({ outputs: 3, folds: 5 });
  });
});

describe.each([
  ["movies.json", "IMDB Rating", "regression"],
  ["penguins.json", "Species", "classification"],
  ["seattle-weather.csv", "weather", "classification"],
  ["stocks.csv", "price", "regression"],
  ["unemployment.tsv", "rate", "regression"],
] as const)("%s", (file, target, task) => {
  it(`predicts ${target}`, async () => {
    const { table } = await readAndOpen(join(vegaFolder, file));
    const { bytes, plan } = planOf(table, target, task);
    const built = buildTensors(table, openPlan(bytes), 0);
    expect(built.tensors.x.every(Number.isFinite)).toBe(true);
    expect(built.tensors.inputs).toBe(plan.inputs);
  });
});
