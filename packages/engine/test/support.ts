/** Small problems and jobs for the engine's tests. */
import { type Capacity, defaultRecipe, type NetworkSpec, type Recipe, randomStream, type Task, type TensorTable } from "@rightsize/core";
import type { EpochReport, TrainHooks, TrainJob } from "../src/index.ts";

/** A smooth regression problem: y = sin(2a) + b·c with features in [−1, 1), standardised roughly. */
export function waves(rows: number, inputs = 3, seed = 11): TensorTable {
  const random = randomStream(seed, "sample", 0, 0);
  const x = Float32Array.from({ length: rows * inputs }, () => 2 * random.uniform() - 1);
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const at = (column: number) => x[row * inputs + (column % inputs)] as number;
    return Math.sin(2 * at(0)) + at(1) * at(2);
  });
  return { rowCount: rows, inputs, x, y };
}

/** Classes by angle around the origin of the first two features, not separable by lines for 2 classes. */
export function sectors(rows: number, classes: number, seed = 12): TensorTable {
  const random = randomStream(seed, "sample", 0, 0);
  const x = Float32Array.from({ length: rows * 2 }, () => 2 * random.uniform() - 1);
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const turn = (Math.atan2(x[row * 2 + 1] as number, x[row * 2] as number) + Math.PI) / (2 * Math.PI);
    return Math.floor(turn * classes * 2) % classes;
  });
  return { rowCount: rows, inputs: 2, x, y };
}

export function networkFor(table: TensorTable, capacity: Capacity, recipe: Partial<Recipe> = {}, outputs = 1): NetworkSpec {
  const task: Task = outputs > 1 || recipe.loss === "binary_cross_entropy" ? "classification" : "regression";
  return { inputs: table.inputs, outputs, capacity, task, recipe: { ...defaultRecipe, ...recipe }, classWeights: null };
}

/** Three quarters train, one quarter validates. */
export function jobFor(table: TensorTable, capacity: Capacity, recipe: Partial<Recipe> = {}, outputs = 1): TrainJob {
  const network = networkFor(table, capacity, recipe, outputs);
  const rows = Int32Array.from({ length: table.rowCount }, (_, row) => row);
  const cut = Math.floor(table.rowCount * 0.75);
  return {
    network,
    tensors: table,
    rows: { training: rows.slice(0, cut), validation: rows.slice(cut) },
    target: { mean: 0, deviation: 1, log: false },
    seed: 1,
    learningRate: 0.01,
    recipe: network.recipe,
  };
}

/** Hooks that collect epochs; `overrides` adds to them. */
export function collect(overrides: Partial<TrainHooks> = {}): { readonly hooks: TrainHooks; readonly epochs: EpochReport[] } {
  const epochs: EpochReport[] = [];
  const hooks: TrainHooks = {
    onEpoch: (report) => epochs.push(report),
    signal: new AbortController().signal,
    now: () => performance.now(),
    ...overrides,
  };
  return { hooks, epochs };
}
