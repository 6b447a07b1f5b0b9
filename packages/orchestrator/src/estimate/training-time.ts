/**
 * How long a training takes: the work of its steps by a formula, times what this machine was measured to need. The formula's constants are
 * from test/bench/engine/README.md (one thread of an AMD EPYC with AVX-512, onnx on the CPU): products of matrices at about 130 GFLOP/s
 * with six operations a parameter and row (two forward, four backward), Adam's passes over the parameters, and what a step costs beside them.
 */
import {
  type Capacity,
  layerWidths,
  parameterCount,
  type Recipe,
  resolveBatchSize,
  togetherRunLimit,
  trainsTogether,
} from "@rightsize/core";

/** What a run's time follows from. */
export interface TrainingShape {
  readonly capacity: Capacity;
  readonly inputs: number;
  readonly outputs: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly recipe: Pick<Recipe, "batchSize">;
}

/** Milliseconds: of a step, of each hidden layer in it, of a parameter in it; of a parameter and row, of an input and row. */
const constants = { step: 0.025, layer: 0.012, parameter: 2.3e-6, parameterRow: 46e-9, inputRow: 0.6e-6 } as const;
/** Milliseconds that a run takes beside its epochs: a session is made, weights are stored. */
const runMs = 30;
/** Each further run of those trained side by side costs this fraction of the first (measured: 16 together 2.5 times faster than alone). */
const besideFraction = 0.36;

/** Milliseconds of one epoch with its validation, on a machine as fast as the one that was measured. */
export function epochMs({ capacity, inputs, outputs, trainingRows, validationRows, recipe }: TrainingShape): number {
  const parameters = parameterCount(inputs, capacity, outputs);
  const steps = Math.ceil(trainingRows / resolveBatchSize(recipe.batchSize, trainingRows));
  const row = constants.parameterRow * parameters + constants.inputRow * (inputs + 10);
  // Validation goes forward only: a third of a training row's products.
  const validation = validationRows * ((constants.parameterRow * parameters) / 3 + constants.inputRow * (inputs + 10));
  return (
    steps * (constants.step + constants.layer * capacity.hiddenLayers + constants.parameter * parameters) + trainingRows * row + validation
  );
}

/** Milliseconds of runs of one assignment, trained side by side, by their epochs; their times share the clock, so this is their sum too. */
export function assignmentMs(shape: TrainingShape, epochs: readonly number[]): number {
  const longest = Math.max(...epochs);
  const total = epochs.reduce((sum, count) => sum + count, 0);
  const alone = epochMs(shape);
  return runMs + alone * (longest + besideFraction * (total - longest));
}

/** Runs that share an assignment: indices into `folds`, in order. */
export function assignmentsOf(
  shape: TrainingShape,
  recipe: Recipe,
  engine: string,
  folds: readonly number[],
): readonly (readonly number[])[] {
  const small = engine === "onnx" && trainsTogether(parameterCount(shape.inputs, shape.capacity, shape.outputs), recipe);
  const together = small ? togetherRunLimit : 1;
  const groups: number[][] = [];
  folds.forEach((fold, index) => {
    const joined = groups.find((group) => folds[group[0] as number] === fold && group.length < together);
    if (joined === undefined) groups.push([index]);
    else joined.push(index);
  });
  return groups;
}

/** Wall time of assignments on some slots: the longest first, each to the slot that is free first. */
export function makespan(times: readonly number[], slots: number): number {
  const free = Array.from({ length: Math.max(1, slots) }, () => 0);
  for (const time of [...times].sort((a, b) => b - a)) {
    const first = free.indexOf(Math.min(...free));
    free[first] = (free[first] as number) + time;
  }
  return Math.max(...free);
}

/** What a warm trainer takes without a table (measured: 150 to 160 MB), in bytes. */
const trainerBytes = 160e6;
/** Copies of the parameters: weights, gradients, Adam's two moments, the best ones, and two on their way in and out. */
const parameterCopies = 7;

/** Memory of a trainer at a network, in bytes, and of the prepared table in it. */
export function trainerMemory(shape: TrainingShape, tableRows: number): { readonly perSlot: number; readonly tensors: number } {
  const { capacity, inputs, outputs, trainingRows, recipe } = shape;
  const tensors = 4 * tableRows * (inputs + 1);
  const batch = resolveBatchSize(recipe.batchSize, trainingRows);
  const activations = 4 * 3 * batch * layerWidths(inputs, capacity, outputs).reduce((sum, width) => sum + width, 0);
  return {
    perSlot: Math.round(trainerBytes + tensors + 4 * parameterCopies * parameterCount(inputs, capacity, outputs) + activations),
    tensors,
  };
}
