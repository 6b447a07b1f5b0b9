/** Which epochs of a long curve a chart needs; the twin of the statement in postgres/curve.ts. Pure. */
import type { EpochRecord } from "@rightsize/core";

/** At most `points` (≥ 3) of the epochs: see `WorkStore.curve`. */
export function thinOut(epochs: readonly EpochRecord[], points: number): readonly EpochRecord[] {
  if (epochs.length <= points) return epochs;
  const lossAt = (index: number) => {
    const loss = (epochs[index] as EpochRecord).validationLoss;
    return Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
  };
  let best = 0;
  for (let index = 1; index < epochs.length; index++) if (lossAt(index) < lossAt(best)) best = index;
  const diagnosed = epochs.flatMap(({ diagnostics }, index) => (diagnostics === undefined ? [] : [index]));
  const kept = new Set([best, ...(2 * diagnosed.length <= points - 2 ? diagnosed : [])]);
  const even = points - kept.size;
  for (let step = 0; step < even; step++) kept.add(Math.round((step * (epochs.length - 1)) / (even - 1)));
  return [...kept].sort((a, b) => a - b).map((index) => epochs[index] as EpochRecord);
}
