/** The smallest difference that a search's last comparisons could have called better or worse. */
import type { History } from "@rightsize/core";
import { studentQuantile } from "../statistics.ts";

/**
 * The least `detectableGap` of the final decision's comparisons (those with two runs a side, where there are any): what `undecided` is
 * said with. null where the preset compares without words.
 */
export function finalGap(history: History): number | null {
  const comparisons = history.at(-1)?.decision.evidence.comparisons ?? [];
  const judged = comparisons.filter(
    ({ verdict }) => verdict === "better" || verdict === "worse" || verdict === "tie" || verdict === "undecided",
  );
  const gaps = (judged.length > 0 ? judged : comparisons).flatMap(({ detectableGap }) => (detectableGap === null ? [] : [detectableGap]));
  return gaps.length === 0 ? null : Math.min(...gaps);
}

/** What preset `default` asks of a word and believes of the noise, for presets that say no word: probability, and observations that the belief weighs. */
const usual = { confidence: 0.95, weight: 4 } as const;

/**
 * The gap that `fits` a side would show where one fit deviates by `noise` (log scale): t × noise × √(2 / fits), as `compare` computes it,
 * without a band.
 */
export function gapOfFits({ noise, fits }: { readonly noise: number; readonly fits: number }): number {
  return studentQuantile(usual.confidence, usual.weight) * noise * Math.sqrt(2 / Math.max(1, fits));
}
