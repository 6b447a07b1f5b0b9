/** Small delivered models of every kind, with what the service itself predicts: buildTensors and predictRows, member by member. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Capacity, defaultFeatures, defaultRecipe, type FeatureSpec, networkOutputs, type Recipe, type Task } from "@rightsize/core";
import {
  buildTensors,
  defaultDataLimits,
  openColumns,
  openPlan,
  type PlanFile,
  planExperiment,
  readTable,
  toOwnUnit,
} from "@rightsize/data";
import { createEngine, type DeliveredNetwork, initialWeights, predictRows } from "@rightsize/engine";

/** Numbers (some with gaps, some far from 0), dates, truths, categories (more than have inputs of their own), and three targets. */
export function mixedCsv(rows: number): string {
  const lines = ["size,gappy,year built,day,new,colour,town,price,kind,sold"];
  for (let row = 0; row < rows; row++) {
    const size = ((row * 37) % 101) / 7 + 0.123;
    const town = `t${(row * row) % 13}`;
    lines.push(
      [
        size,
        row % 7 === 3 ? "" : ((row * 13) % 11) / 3,
        2010 + ((row * 7) % 12) + 0.25,
        row % 11 === 5 ? "" : `20${10 + (row % 14)}-0${(row % 9) + 1}-1${row % 8}T0${row % 10}:30:00Z`,
        row % 13 === 6 ? "" : row % 3 === 0,
        row % 9 === 2 ? "" : ["red", "green, dark", "blue"][(row * 5) % 3]?.replace(/^.*,.*$/, '"$&"'),
        town,
        Math.exp(8 + size / 5 + (row % 3)).toFixed(2),
        ["a", "b", "c"][row % 3],
        (row * 31) % 7 > 3 ? "yes" : "no",
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Rows that training never saw: unknown and rare categories, gaps of every kind, far numbers, dates before 1970, texts as numbers. */
export const mixedRows: readonly Readonly<Record<string, unknown>>[] = [
  { size: 3, gappy: 1, "year built": 2015, day: "2016-03-05", new: true, colour: "red", town: "t1", price: 9000, kind: "a", sold: "yes" },
  { size: null, gappy: null, "year built": null, day: null, new: null, colour: null, town: null },
  { size: "1e3", gappy: " 2.5 ", "year built": "2011", day: "1969-12-31T23:30:00Z", new: "TRUE", colour: "mauve", town: "t999" },
  { size: -1e6, gappy: "NA", "year built": 1e9, day: -86_400_001, new: "false", colour: "green, dark", town: "?" },
  {
    size: 0.1,
    gappy: Number.POSITIVE_INFINITY,
    "year built": 1999.999,
    day: "2024-02-29T12:00:00+05:30",
    new: "",
    colour: "blue",
    town: "t3",
  },
  { colour: " red ", new: false, day: "1600-02-29" },
];

export interface DeliveredCase {
  readonly name: string;
  readonly target: string;
  readonly task: Task;
  readonly folds: number;
  readonly members: readonly { readonly capacity: Capacity; readonly fold: number }[];
  readonly features?: Partial<FeatureSpec>;
  readonly recipe?: Partial<Recipe>;
}

const one = (hiddenLayers: number, nodesPerLayer: number, fold = 0) => ({ capacity: { hiddenLayers, nodesPerLayer }, fold });

export const deliveredCases: readonly DeliveredCase[] = [
  { name: "a single network", target: "price", task: "regression", folds: 1, members: [one(2, 20)] },
  { name: "a linear model", target: "price", task: "regression", folds: 1, members: [one(0, 0)], features: { scale: "robust" } },
  { name: "a log target", target: "price", task: "regression", folds: 1, members: [one(1, 30), one(2, 8)], features: { logTarget: true } },
  {
    name: "a mean over sizes and folds",
    target: "price",
    task: "regression",
    folds: 3,
    members: [one(1, 10, 1), one(3, 12, 0), one(1, 40, 2), one(0, 0, 1)],
    features: { maxCategories: 5 },
    recipe: { activation: "gelu" },
  },
  { name: "classes", target: "kind", task: "classification", folds: 1, members: [one(1, 25)], recipe: { activation: "tanh" } },
  {
    name: "a mean of classes over folds",
    target: "kind",
    task: "classification",
    folds: 2,
    members: [one(1, 25, 1), one(2, 9, 0)],
    features: { scale: "none" },
    recipe: { activation: "elu" },
  },
  {
    name: "two classes by one output",
    target: "sold",
    task: "classification",
    folds: 1,
    members: [one(1, 16), one(1, 5)],
    recipe: { loss: "binary_cross_entropy", activation: "leaky_relu" },
  },
];

export interface BuiltCase {
  readonly plan: PlanFile;
  readonly members: readonly DeliveredNetwork[];
  /** The table, and another of the same columns whose cells the plan never saw. */
  readonly csv: string;
  /** The service's own predictions for every row of `csv`, in the order of its rows: values in the target's unit, or class shares. */
  readonly expected: Float64Array;
}

/** Plans the case on its table, with weights as they are before training: any weights will do. */
export async function buildCase({ target, task, folds, members, features, recipe }: DeliveredCase, rows = 90): Promise<BuiltCase> {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-delivered-"));
  try {
    const csv = mixedCsv(rows);
    await writeFile(join(folder, "table.csv"), csv);
    await readTable(join(folder, "table.csv"), { name: "table.csv", outputPath: join(folder, "columns"), limits: defaultDataLimits });
    const table = await openColumns(join(folder, "columns"));
    const request = {
      target,
      task,
      seed: 0,
      features: { ...defaultFeatures, exclude: ["price", "kind", "sold"].filter((name) => name !== target), ...features },
      split:
        folds === 1
          ? ({ kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 1, stratify: false } as const)
          : ({ kind: "folds", folds, testFraction: 0.2, seed: 1, stratify: false } as const),
    };
    const plan = openPlan(planExperiment(table, request).bytes);
    const fullRecipe = { ...defaultRecipe, ...recipe };
    const outputs = networkOutputs(fullRecipe.loss, task, plan.outputs) as number;
    const networks = members.map(({ capacity, fold }, index): DeliveredNetwork => {
      const network = { inputs: plan.inputs, outputs, capacity, task, recipe: fullRecipe, classWeights: null };
      const weights = initialWeights(network, index + 1).map((layer) => ({
        weights: layer.weights,
        biases: layer.biases.map((_, at) => ((at % 5) - 2) / 10),
      }));
      return { network, weights, fold };
    });
    const engine = await createEngine("onnx");
    const width = task === "regression" ? 1 : plan.classes.length;
    const expected = new Float64Array(table.rowCount * width);
    // Every row in one part, in table order: the roles only say which rows are read.
    const whole: PlanFile = { ...plan, roles: new Uint8Array(table.rowCount).fill(2) };
    for (const { network, weights, fold } of networks) {
      const built = buildTensors(table, whole, fold);
      const own = await predictRows(engine, network, built.tensors, weights, built.rows.training);
      own.forEach((value, at) => {
        const { mean, deviation } = built.target;
        expected[at] = (expected[at] as number) + (task === "regression" ? value * deviation + mean : value) / networks.length;
      });
    }
    await engine.close();
    const log = plan.folds[0]?.target.log ?? false;
    return {
      plan,
      members: networks,
      csv,
      expected: log ? expected.map((value) => toOwnUnit({ mean: 0, deviation: 1, log }, value)) : expected,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The largest difference, relative to the number or, for numbers near 0, to the spread of them all. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const all = Array.from(expected);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const spread = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  return all.reduce((worst, value, at) => Math.max(worst, Math.abs((actual[at] as number) - value) / Math.max(Math.abs(value), spread)), 0);
}
