/** The training recipe: everything about how a network is trained that is not its size, its data or its seed. */

export const activations = ["relu", "tanh", "sigmoid", "leaky_relu", "elu", "gelu", "linear"] as const;
export type Activation = (typeof activations)[number];

/** `auto` is mean squared error for regression, softmax cross-entropy for classification. */
export const losses = ["auto", "mean_squared_error", "mean_absolute_error", "huber", "cross_entropy", "binary_cross_entropy"] as const;
export type LossName = (typeof losses)[number];

export type Optimizer =
  | { readonly kind: "sgd" /** [0, 1) */; readonly momentum: number; readonly nesterov: boolean }
  | { readonly kind: "adam"; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  | {
      readonly kind: "adamw";
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number /** Decoupled, ≥ 0 */;
      readonly weightDecay: number;
    };

export const initialisations = ["auto", "fan_in", "he", "glorot"] as const;

/** A schedule multiplies the learning rate by a factor in (0, 1]; it is data, so it needs no new graph. */
export type Schedule =
  | { readonly kind: "constant" }
  | { readonly kind: "step"; readonly everyEpochs: number; readonly factor: number }
  | {
      readonly kind: "cosine" /** Epochs from the full rate to the final fraction */;
      readonly epochs: number;
      readonly finalFraction: number;
    }
  | { readonly kind: "reduce_on_plateau"; readonly patienceEpochs: number; readonly factor: number; readonly minimumFraction: number };

/**
 * One learning rate, or several that are tried at every capacity: in full (`sweep`), or for a few epochs each (`probe`), after which the
 * one that was best on validation is fitted in full, with a fresh seed.
 */
export type LearningRate =
  | { readonly kind: "fixed"; readonly value: number }
  | { readonly kind: "sweep" /** 2 to 16 */; readonly values: readonly number[] }
  | {
      readonly kind: "probe" /** 2 to 16, all different */;
      readonly values: readonly number[] /** Epochs of each rate's short run, from 1 to the recipe's `maxEpochs` */;
      readonly epochs: number;
    };

/** What a probe is where a request doesn't say (test/bench/rates/README.md): rates three times apart, and epochs enough to tell them apart. */
export const defaultProbe = { values: [0.0003, 0.001, 0.003, 0.01, 0.03], epochs: 5 } as const;

export interface Recipe {
  readonly activation: Activation;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  readonly learningRate: LearningRate;
  readonly schedule: Schedule;
  /** Rows a step; `auto` is 32 below 2,000 training rows, else 128. */
  readonly batchSize: number | "auto";
  /** Most epochs of a run, ≥ 1. */
  readonly maxEpochs: number;
  /** Epochs without an improvement larger than `minDelta` before training stops, ≥ 1. */
  readonly patience: number;
  /** The smallest fall of the validation loss that counts as an improvement, ≥ 0. */
  readonly minDelta: number;
  /** L2 penalty on weights (not biases): the gradient gains l2 × weight, ≥ 0. */
  readonly l2: number;
  /** Share of hidden units dropped in training, [0, 1). */
  readonly dropoutFraction: number;
  /** Global gradient norm above which gradients are scaled down; null switches it off. */
  readonly gradientClipNorm: number | null;
  /** `auto` is fan-in uniform, which measured best (test/bench/parity); He uniform suits relu in very deep networks, Glorot uniform tanh. */
  readonly initialisation: (typeof initialisations)[number];
  /** Factor on the initial weights, > 0; 1 unless an experiment studies what large weights do. */
  readonly initialScale: number;
  readonly classWeights: "none" | "balanced";
}

/** The default recipe (SEARCH: patience matters more than capacity, hence 20 and 400). */
export const defaultRecipe: Recipe = {
  activation: "relu",
  loss: "auto",
  optimizer: { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  learningRate: { kind: "fixed", value: 0.001 },
  schedule: { kind: "constant" },
  batchSize: "auto",
  maxEpochs: 400,
  patience: 20,
  minDelta: 0,
  l2: 0,
  dropoutFraction: 0,
  gradientClipNorm: null,
  initialisation: "auto",
  initialScale: 1,
  classWeights: "none",
};

/** The course's own training: 20 epochs at most, patience 2. */
export const courseRecipe: Recipe = { ...defaultRecipe, maxEpochs: 20, patience: 2 };

/**
 * The recipe that a run is trained under: its trial's, or for a run that is cut short the same with that run's own cap. Whoever trains,
 * hashes or estimates a run asks here.
 */
export function recipeOfRun<Part extends Pick<Recipe, "maxEpochs">>(recipe: Part, run: { readonly maxEpochs?: number }): Part {
  return run.maxEpochs === undefined ? recipe : { ...recipe, maxEpochs: Math.min(run.maxEpochs, recipe.maxEpochs) };
}

/** Rows a step for a number of training rows, with `auto` resolved. */
export function resolveBatchSize(batchSize: Recipe["batchSize"], trainingRowCount: number): number {
  if (batchSize !== "auto") return Math.min(batchSize, trainingRowCount);
  return Math.min(trainingRowCount, trainingRowCount < 2000 ? 32 : 128);
}

/**
 * Network outputs that a loss needs, given the columns of the plan (1 for regression, the number of classes otherwise), or null where the
 * loss doesn't fit the task: binary cross-entropy is for exactly two classes and has one output; regression losses need one column.
 */
export function networkOutputs(loss: LossName, task: "regression" | "classification", planOutputs: number): number | null {
  switch (loss) {
    case "auto":
      return planOutputs;
    case "mean_squared_error":
    case "mean_absolute_error":
    case "huber":
      return task === "regression" ? planOutputs : null;
    case "cross_entropy":
      return task === "classification" ? planOutputs : null;
    case "binary_cross_entropy":
      return task === "classification" && planOutputs === 2 ? 1 : null;
    default:
      return loss satisfies never;
  }
}
