/** What the train loop takes and gives. */
import type { ExperimentSpec, LayerDiagnostics, LayerWeights, Metrics, NetworkSpec, Recipe, RunResult, TensorTable } from "@rightsize/core";
import type { TargetScale } from "./metrics.ts";

/** One run to train. `network.recipe` and `recipe` are the same recipe; `recipe` stands where they differ. */
export interface TrainJob {
  readonly network: NetworkSpec;
  readonly tensors: TensorTable;
  readonly rows: { readonly training: Int32Array; readonly validation: Int32Array };
  readonly target: TargetScale;
  readonly seed: number;
  readonly learningRate: number;
  readonly recipe: Recipe;
  /** For the scripted engine. */
  readonly spec?: ExperimentSpec;
  /** Bytes of `onCheckpoint` to go on from; one that doesn't fit is refused and the run starts cold. */
  readonly checkpoint?: Uint8Array | null;
}
export interface EpochReport {
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
  readonly learningRate: number;
  /** Metrics of the validation rows after this epoch; absent where they were not computed (`metricsEveryEpochs`). */
  readonly metrics?: Metrics;
  /** Hidden layers after this epoch over a fixed sample of training rows; absent where nobody looked (`layerDiagnostics`). */
  readonly diagnostics?: readonly LayerDiagnostics[];
}
export interface TrainHooks {
  /** After each epoch; epochs before a checkpoint's are not told again. */
  onEpoch(report: EpochReport): void;
  onCheckpoint?(bytes: Uint8Array, epoch: number): Promise<void>;
  /** Called with the reason when `job.checkpoint` can't be used. */
  onCheckpointRefused?(reason: string): void;
  /** Least time between checkpoints; 30,000 unless told. 0 writes one after every chunk of steps. */
  readonly checkpointEveryMs?: number;
  /** About how long a chunk of steps may take before the signal is looked at again; unless told, 50, and more for large networks (`chunkDurationMs`). Never changes a bit. */
  readonly chunkMs?: number;
  /**
   * Every how many epochs an epoch is told with its metrics; 0 is never. Unless told, as often as they cost little beside the epoch
   * (`metricsInterval`). The best epoch's metrics are in the result in any case. Never changes a bit of the training.
   */
  readonly metricsEveryEpochs?: number;
  /** False: no layers' diagnostics beside epochs; unless told, at epochs that lie further and further apart. Never changes a bit of the training. */
  readonly layerDiagnostics?: boolean;
  /** A fixed number of steps a chunk instead. */
  readonly chunkSteps?: number;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** The clock of `trainMs`, where that is not `now`: runs side by side share the time they take. */
  trainingClock?(): number;
}
export type TrainedResult = Omit<RunResult, "weightsArtifact">;
export type TrainOutcome =
  | { readonly kind: "completed"; readonly result: TrainedResult; readonly weights: readonly LayerWeights[] }
  | { readonly kind: "diverged"; readonly result: TrainedResult }
  | { readonly kind: "stopped" };
