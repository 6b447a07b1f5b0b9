/** An engine trains dense networks: it only initialises, trains chunks of steps, evaluates rows, and exports or imports its state. */
import type { Capacity } from "../capacity.ts";
import type { ExperimentSpec, Task } from "../experiment-spec.ts";
import type { Recipe } from "../recipe.ts";

/** A table ready to train on. Row-major float32. */
export interface TensorTable {
  readonly rowCount: number;
  readonly inputs: number;
  /** Features, [rowCount, inputs]. */
  readonly x: Float32Array;
  /** Regression: the standardised target [rowCount, 1]. Classification: class numbers [rowCount, 1] as floats. */
  readonly y: Float32Array;
}

/** Everything that shapes a network and its loss. */
export interface NetworkSpec {
  readonly inputs: number;
  readonly outputs: number;
  readonly capacity: Capacity;
  readonly task: Task;
  readonly recipe: Recipe;
  /** Weight of each class in the loss; null weighs all the same. */
  readonly classWeights: readonly number[] | null;
}

/** Weights and biases layer by layer: weights [fan-in, fan-out] row-major, biases [fan-out]. */
export interface LayerWeights {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

/** One training step: which rows, at which learning rate. */
export interface StepBatch {
  /** Row numbers into the table; the last batch of an epoch may be short. */
  readonly rows: Int32Array;
  readonly learningRate: number;
  /** From 1 over the whole run: Adam's bias correction and dropout masks follow from it. */
  readonly step: number;
}

/** A network being trained on one table. Not safe for calls at once. */
export interface NetworkSession {
  /** Trains the steps in order. Returns the mean training loss of each step [steps]; a NaN or infinite loss means it diverged and the state is lost. */
  train(steps: readonly StepBatch[]): Promise<Float64Array>;
  /** Mean loss over rows (dropout off, no penalty). */
  evaluate(rows: Int32Array): Promise<number>;
  /** Network outputs for rows, [rows, outputs]: standardised values, or class probabilities (softmax; sigmoid has two columns). */
  predict(rows: Int32Array): Promise<Float32Array>;
  /** Weights only: what is kept as best and stored as the model. Copies. */
  weights(): readonly LayerWeights[];
  setWeights(layers: readonly LayerWeights[]): void;
  /** Weights and optimizer moments as bytes; import gives back exactly the same bits. */
  exportState(): Uint8Array;
  importState(state: Uint8Array): void;
  dispose(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Library, version, provider, CPU features, thread count, Node: equal fingerprints give equal bits (where deterministic). */
  readonly fingerprint: string;
  readonly deterministic: boolean;
  readonly device: string;
  /** Opens a session with freshly initialised weights for `seed`. `spec` reaches the scripted engine only. */
  open(
    network: NetworkSpec,
    table: TensorTable,
    options: { readonly seed: number; readonly spec?: ExperimentSpec },
  ): Promise<NetworkSession>;
  close(): Promise<void>;
}
