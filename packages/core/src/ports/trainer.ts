/** A trainer carries out one assignment's runs, in a child process (apps/worker) or in place (tests). It never touches the store. */
import type { Capacity } from "../capacity.ts";
import type { Finish, RunPurpose } from "../decisions.ts";
import type { ExperimentSpec } from "../experiment-spec.ts";
import type { ExperimentId, RunId, Sha256 } from "../ids.ts";
import type { Recipe } from "../recipe.ts";
import type { Answer, DeliveredRun, EpochRecord, ExperimentPlan, RunResult, Trial } from "../records.ts";

export interface TrainingRun {
  readonly runId: RunId;
  readonly purpose: RunPurpose;
  readonly seed: number;
  readonly fold: number;
  readonly learningRate: number;
  readonly maxEpochs?: number;
  /** The last ones, newest first; empty where the run starts from its beginning. */
  readonly checkpoints: readonly { readonly artifact: Sha256; readonly epoch: number }[];
}
/** A run that was trained, as `finalise` needs it. */
export interface TrainedMember extends DeliveredRun {
  readonly weightsArtifact: Sha256;
  readonly result: RunResult;
}
/** A row of the trial table, as a model card tells it. */
export interface TrialRow extends Pick<Trial, "capacity" | "parameterCount" | "score" | "metrics" | "nextStep" | "verdict" | "winner"> {
  readonly number: number;
}
/** All that a trainer needs, as plain data that crosses a process boundary. */
export interface TrainingWork {
  readonly experimentId: ExperimentId;
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly columnsArtifact: Sha256;
  readonly trialNumber: number | null;
  readonly capacity: Capacity;
  readonly recipe: Recipe;
  readonly runs: readonly TrainingRun[];
  /** For `finalise`: the runs whose predictions are averaged into the delivered model, the winner's best run first. Empty otherwise. */
  readonly members: readonly TrainedMember[];
  /** For `finalise`: how the search ended. Absent otherwise. */
  readonly verdict?: Finish["verdict"];
  /** For `finalise`: the trial table, by number. Absent otherwise. */
  readonly trials?: readonly TrialRow[];
}
export interface TrainerObserver {
  onEpochs(epochs: readonly EpochRecord[]): void;
  onCheckpoint(checkpoint: { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number }): void;
  /** A run ended; the next one starts when the promise resolves. Runs that are trained side by side may end while others' ends are still pending. */
  onRunEnd(
    runId: RunId,
    outcome: { readonly state: "COMPLETED" | "DIVERGED" | "FAILED"; readonly result: RunResult; readonly answer?: Answer },
  ): Promise<void>;
}
export type TrainerEnd = { readonly kind: "done" } | { readonly kind: "stopped" } | { readonly kind: "crashed"; readonly detail: string };

export interface Trainer {
  /** Engine fingerprints by engine name. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Trains until done, until `signal` aborts (then `stopped`, within one chunk of steps), or until the trainer dies. Never rejects. */
  train(work: TrainingWork, observer: TrainerObserver, signal: AbortSignal): Promise<TrainerEnd>;
  close(): Promise<void>;
}
