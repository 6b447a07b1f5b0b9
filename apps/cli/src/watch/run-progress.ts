/** How far a run is: its epochs so far, its best validation loss, and how long it may still take. */
import type { EpochsMessage, ExperimentView } from "@rightsize/contract";
import { z } from "zod";
import { durationText, shortNumber } from "../render/numbers.ts";

export interface RunProgress {
  readonly runId: string;
  readonly trialId: string;
  /** Last epoch seen, from 1. */
  readonly epoch: number;
  readonly validationLoss: number;
  readonly bestLoss: number;
  readonly bestEpoch: number;
  /** Last epochs of the first and of the latest batch, with the times when these arrived: the speed. */
  readonly first: { readonly epoch: number; readonly atMs: number };
  readonly last: { readonly epoch: number; readonly atMs: number };
}

/** A run's progress after some more of its epochs arrived; a run that starts again (another attempt) starts again here too. */
export function afterEpochs(before: RunProgress | undefined, message: EpochsMessage, nowMs: number): RunProgress | undefined {
  let progress = before;
  // A batch arrives when its last epoch has ended: that is the moment the speed is measured from.
  const arrived = { epoch: message.epochs.at(-1)?.epoch ?? 0, atMs: nowMs };
  for (const { epoch, validationLoss } of message.epochs) {
    const known = progress !== undefined && epoch > progress.epoch ? progress : undefined;
    const better = known === undefined || validationLoss < known.bestLoss;
    progress = {
      runId: message.runId,
      trialId: message.trialId,
      epoch,
      validationLoss,
      bestLoss: better ? validationLoss : known.bestLoss,
      bestEpoch: better ? epoch : known.bestEpoch,
      first: known?.first ?? arrived,
      last: arrived,
    };
  }
  return progress;
}

/** What of an experiment's recipe and data the progress is told with. */
export interface ProgressScale {
  readonly maxEpochs: number;
  readonly patience: number;
  /** Turns a validation loss into the table's unit. */
  readonly lossFactor: number;
}

const specSchema = z.object({
  recipe: z.object({ maxEpochs: z.number(), patience: z.number(), loss: z.string() }),
  features: z.object({ logTarget: z.boolean() }),
});

/**
 * Losses are on the standardised target: × deviation² makes them squared errors in the target's own unit, where that is what the loss is.
 * `changes` are what decisions changed in the trial's recipe, oldest first.
 */
export function progressScale(
  experiment: ExperimentView,
  changes: readonly { readonly maxEpochs?: number | undefined; readonly patience?: number | undefined }[] = [],
): ProgressScale {
  const spec = specSchema.safeParse(experiment.spec);
  if (!spec.success) return { maxEpochs: Number.POSITIVE_INFINITY, patience: Number.POSITIVE_INFINITY, lossFactor: 1 };
  const { recipe, features } = spec.data;
  const squared = experiment.task === "regression" && ["auto", "mean_squared_error"].includes(recipe.loss);
  const ownUnit = squared && !features.logTarget && experiment.engine !== "scripted";
  return {
    maxEpochs: changes.findLast(({ maxEpochs }) => maxEpochs !== undefined)?.maxEpochs ?? recipe.maxEpochs,
    patience: changes.findLast(({ patience }) => patience !== undefined)?.patience ?? recipe.patience,
    lossFactor: ownUnit ? experiment.plan.targetDeviation ** 2 : 1,
  };
}

/** For example `epoch 57 of at most 400, score 8.21 (best 8.10), at most 3 s left`. */
export function progressText(progress: RunProgress, scale: ProgressScale): string {
  const score = (loss: number) => shortNumber(loss * scale.lossFactor);
  const of = Number.isFinite(scale.maxEpochs) ? ` of at most ${scale.maxEpochs}` : "";
  const best = progress.bestEpoch === progress.epoch ? "" : ` (best ${score(progress.bestLoss)})`;
  const left = timeLeft(progress, scale);
  return `epoch ${progress.epoch}${of}, score ${score(progress.validationLoss)}${best}${left === null ? "" : `, ${left} left`}`;
}

/** A range: at least until patience runs out, at most until the last epoch; null while the speed isn't known. */
export function timeLeft(progress: RunProgress, scale: ProgressScale): string | null {
  const seen = progress.last.epoch - progress.first.epoch;
  const tookMs = progress.last.atMs - progress.first.atMs;
  if (seen < 1 || tookMs <= 0 || !Number.isFinite(scale.maxEpochs)) return null;
  const epochMs = tookMs / seen;
  const most = scale.maxEpochs - progress.epoch;
  const least = Math.min(most, scale.patience - (progress.epoch - progress.bestEpoch));
  return `${durationText(Math.max(0, least) * epochMs)} to ${durationText(most * epochMs)}`;
}
