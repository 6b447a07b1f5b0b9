/** Checkpoints: everything that a run needs to go on with exactly the bits it would have had. */
import { createHash } from "node:crypto";
import { canonicalText, type LayerWeights, type NetworkSpec, type StoppingState } from "@rightsize/core";
import { seal, unseal } from "./bytes.ts";
import type { PlateauState } from "./schedule.ts";
import { deserialiseWeights, serialiseWeights } from "./weights.ts";

const magic = "RSCHECK1";

/** Where a run stands between two chunks of steps. */
export interface Progress {
  /** The epoch in work, from 1. */
  readonly epoch: number;
  /** Steps of this epoch already taken. */
  readonly stepsDone: number;
  /** Sum over those steps of mean loss × rows; its order of summing is fixed, so it is exact on resume. */
  readonly lossSum: number;
  readonly stopping: StoppingState;
  readonly bestTrainingLoss: number;
  readonly plateau: PlateauState;
  /** Time spent in earlier attempts, in milliseconds. */
  readonly trainMs: number;
}
export interface Checkpoint {
  readonly progress: Progress;
  readonly state: Uint8Array;
  readonly best: readonly LayerWeights[] | null;
}

/** What makes two runs the same: a checkpoint is taken up only by the run that wrote it, on an equal engine. */
export interface RunIdentity {
  readonly fingerprint: string;
  readonly hash: string;
}
export function runIdentity(
  fingerprint: string,
  run: {
    readonly network: NetworkSpec;
    readonly seed: number;
    readonly learningRate: number;
    readonly trainingRows: Int32Array;
    readonly validationRows: Int32Array;
  },
): RunIdentity {
  const text = canonicalText({ network: run.network, seed: run.seed, learningRate: run.learningRate });
  const hash = createHash("sha256").update(text);
  for (const rows of [run.trainingRows, run.validationRows]) {
    hash.update(`|${rows.length}|`).update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  }
  return { fingerprint, hash: hash.digest("hex") };
}

export function writeCheckpoint(identity: RunIdentity, checkpoint: Checkpoint): Uint8Array {
  const best = checkpoint.best === null ? new Uint8Array(0) : serialiseWeights(checkpoint.best);
  const header = { identity, progress: checkpoint.progress, stateBytes: checkpoint.state.length };
  return seal(magic, header, [checkpoint.state, best]);
}

/** The checkpoint, or why it can't be used: then the run starts cold, which costs time but never bits. */
export function readCheckpoint(identity: RunIdentity, bytes: Uint8Array): Checkpoint | { readonly refused: string } {
  const opened = unseal(magic, bytes);
  if (opened === null) return { refused: "the checkpoint is torn or damaged" };
  const header = opened.header as { readonly identity: RunIdentity; readonly progress: Progress; readonly stateBytes: number };
  if (header.identity.fingerprint !== identity.fingerprint) {
    return { refused: `the checkpoint was written by another engine: ${header.identity.fingerprint}` };
  }
  if (header.identity.hash !== identity.hash) return { refused: "the checkpoint belongs to another run" };
  const best = opened.payload.subarray(header.stateBytes);
  return {
    progress: header.progress,
    state: opened.payload.slice(0, header.stateBytes),
    best: best.length === 0 ? null : deserialiseWeights(best),
  };
}
