/** Epochs as the API shows them: whole curves, or as many points as a chart can show. */
import type { EpochList } from "@rightsize/contract";
import type { EpochRecord } from "@rightsize/core";

type EpochView = EpochList["runs"][number]["epochs"][number];

export function epochView(record: EpochRecord): EpochView {
  const { epoch, trainingLoss, validationLoss, learningRate } = record;
  return { epoch, trainingLoss, validationLoss, learningRate };
}

/** At most `points` (≥ 3) of the epochs, evenly spaced, with the first, the last and the best on validation. */
export function thinOut(epochs: readonly EpochRecord[], points: number): readonly EpochRecord[] {
  if (epochs.length <= points) return epochs;
  let best = 0;
  for (let index = 1; index < epochs.length; index++) {
    if ((epochs[index] as EpochRecord).validationLoss < (epochs[best] as EpochRecord).validationLoss) best = index;
  }
  const even = points - 1;
  const kept = new Set([best]);
  for (let step = 0; step < even; step++) kept.add(Math.round((step * (epochs.length - 1)) / (even - 1)));
  return [...kept].sort((a, b) => a - b).map((index) => epochs[index] as EpochRecord);
}
