/** The words for a comparison of two trials, in their exact sense, and the probabilities behind them. */
import type { Comparison, Verdict } from "@rightsize/core";
import type { AdditiveModel, Contrast } from "./additive-model.ts";
import { pairedDifferences } from "./evidence.ts";
import { studentProbability, studentQuantile } from "./statistics.ts";
import { summarise, type TrialView } from "./trials.ts";

/** Differences up to the band (log scale, a fraction) don't matter; a word needs this probability. */
export interface WordRule {
  readonly band: number;
  readonly confidence: number;
}

/** P(true difference < limit), by Student's t around the measured one. */
export function probabilityBelow(limit: number, { difference, standardError }: Contrast, degrees: number): number {
  if (standardError > 0) return studentProbability((limit - difference) / standardError, degrees);
  return difference < limit ? 1 : 0;
}

/** P(|true difference| ≤ band). */
export function probabilityWithin(band: number, contrast: Contrast, degrees: number): number {
  return probabilityBelow(band, contrast, degrees) - probabilityBelow(-band, contrast, degrees);
}

/** Why a trial can't be judged by its size: none of its rates trained, or its runs end at the epoch cap, before early stopping could end them. */
export function hindrance(trial: TrialView): "untrainable" | "capped" | null {
  const { score, all } = summarise(trial);
  if (score === null || trial.runs.some(({ outcome }) => outcome.purpose === "finals" && outcome.status === "DIVERGED"))
    return "untrainable";
  return all.some(({ outcome }) => outcome.capped) ? "capped" : null;
}

/**
 * Compares a trial with another. A trial without a score is `untrainable`, with a difference of 0 that says nothing. Words need two runs a side (else the verdict is null); `detectableGap` is the smallest measured
 * difference that these runs would have called better or worse.
 */
export function compare(trial: TrialView, against: TrialView, model: AdditiveModel, rule: WordRule): Comparison {
  if (!model.levels.has(trial.number) || !model.levels.has(against.number))
    return {
      trial: trial.number,
      against: against.number,
      difference: 0,
      standardError: null,
      pairs: [],
      verdict: "untrainable",
      detectableGap: null,
    };
  const { difference, standardError } = model.contrast(trial.number, against.number);
  const contrast = { difference, standardError };
  return {
    trial: trial.number,
    against: against.number,
    difference,
    standardError,
    pairs: pairedDifferences(trial, against),
    verdict: wordFor(trial, against, contrast, model, rule),
    detectableGap: rule.band + studentQuantile(rule.confidence, model.degrees) * standardError,
  };
}

function wordFor(trial: TrialView, against: TrialView, contrast: Contrast, model: AdditiveModel, rule: WordRule): Verdict | null {
  const hindered = hindrance(trial) ?? hindrance(against);
  if (hindered !== null) return hindered;
  if (model.runs(trial.number) < 2 || model.runs(against.number) < 2) return null;
  const { band, confidence } = rule;
  if (probabilityBelow(-band, contrast, model.degrees) >= confidence) return "better";
  if (1 - probabilityBelow(band, contrast, model.degrees) >= confidence) return "worse";
  return probabilityWithin(band, contrast, model.degrees) >= confidence ? "tie" : "undecided";
}
