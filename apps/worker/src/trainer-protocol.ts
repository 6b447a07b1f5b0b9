/** What a supervisor and its trainer child say to each other. Plain data over Node's IPC ("advanced" serialisation: typed arrays and NaN survive). */

import type { EpochRecord, PlainError, RunId, Sha256, TrainerObserver, TrainingWork } from "@rightsize/core";
import type { ExecutionProvider } from "@rightsize/engine";

export type RunOutcome = Parameters<TrainerObserver["onRunEnd"]>[1];

export type ToTrainer =
  | { readonly kind: "train"; readonly work: TrainingWork }
  /** Stop within one chunk of steps. */
  | { readonly kind: "stop" }
  /** The run's result is committed: go on with the next. */
  | { readonly kind: "committed"; readonly runId: RunId };

export type FromTrainer =
  | { readonly kind: "ready"; readonly fingerprints: Readonly<Record<string, string>>; readonly device: string }
  | { readonly kind: "epochs"; readonly epochs: readonly EpochRecord[] }
  | { readonly kind: "checkpoint"; readonly checkpoint: { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number } }
  | { readonly kind: "runEnd"; readonly runId: RunId; readonly outcome: RunOutcome }
  | { readonly kind: "end"; readonly end: "done" | "stopped" }
  /** The assignment could not be carried out; the trainer itself lives on. */
  | { readonly kind: "error"; readonly error: PlainError };

/** Settings of a trainer child, passed as its only argument in JSON. */
export interface TrainerSettings {
  readonly engines: readonly string[];
  /** Where the onnx engine computes. */
  readonly provider: ExecutionProvider;
  readonly artifacts: ArtifactSettings;
  readonly checkpointEveryMs: number;
  /** Prepared tables that this trainer keeps for its next run, in bytes. */
  readonly keptTensorBytes: number;
}
/** Where datasets, plans and weights are: a folder on this machine, or the API of another. */
export type ArtifactSettings =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "http"; readonly baseUrl: string; readonly key: string | null; readonly cacheFolder: string };
