/** Epochs as the API shows them: whole curves, or as many points as a chart can show. */
import type { EpochList } from "@rightsize/contract";
import type { EpochRecord } from "@rightsize/core";

type EpochView = EpochList["runs"][number]["epochs"][number];

/** Epochs for people. Where training diverged losses are infinite or no numbers, which JSON can't say: those are left out. */
export function epochViews(records: readonly EpochRecord[]): EpochView[] {
  return records
    .filter(({ trainingLoss, validationLoss }) => Number.isFinite(trainingLoss) && Number.isFinite(validationLoss))
    .map(({ epoch, trainingLoss, validationLoss, learningRate, metrics, diagnostics }) => ({
      epoch,
      trainingLoss,
      validationLoss,
      learningRate,
      ...(metrics === undefined ? {} : { metrics }),
      ...(diagnostics === undefined ? {} : { diagnostics: [...diagnostics] }),
    }));
}

/**
 * At most `points` (≥ 3) of the epochs, evenly spaced, with the first, the last and the best on validation; and with those that have
 * diagnostics, which are few, where these leave half of the points to the curve.
 */
export function thinOut(epochs: readonly EpochRecord[], points: number): readonly EpochRecord[] {
  if (epochs.length <= points) return epochs;
  let best = 0;
  for (let index = 1; index < epochs.length; index++) {
    if ((epochs[index] as EpochRecord).validationLoss < (epochs[best] as EpochRecord).validationLoss) best = index;
  }
  const diagnosed = epochs.flatMap(({ diagnostics }, index) => (diagnostics === undefined ? [] : [index]));
  const kept = new Set([best, ...(2 * diagnosed.length <= points - 2 ? diagnosed : [])]);
  const even = points - kept.size;
  for (let step = 0; step < even; step++) kept.add(Math.round((step * (epochs.length - 1)) / (even - 1)));
  return [...kept].sort((a, b) => a - b).map((index) => epochs[index] as EpochRecord);
}
