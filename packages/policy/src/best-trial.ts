/** The best trial so far, by the mean that is known best. */
import { summarise, type TrialView } from "./trials.ts";

/** The trial with the least mean validation loss, the first of equals; null when none has a score. */
export function bestTrial(trials: readonly TrialView[]): TrialView | null {
  let best: { trial: TrialView; score: number } | null = null;
  for (const trial of trials) {
    const score = summarise(trial).bestKnownScore;
    if (score !== null && (best === null || score < best.score)) best = { trial, score };
  }
  return best?.trial ?? null;
}
