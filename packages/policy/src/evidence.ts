/** Builds the evidence of a decision: finite numbers rounded to 12 significant digits, so that its canonical text is the same everywhere. */
import type { Comparison, Evidence } from "@rightsize/core";
import { logLoss, rounded } from "./numbers.ts";
import { summarise, type TrialView } from "./trials.ts";

/** Evidence about some trials (all of their scores are listed, by number). */
export function evidenceOf(
  rule: string,
  trials: readonly TrialView[],
  comparisons: readonly Comparison[] = [],
  numbers: Readonly<Record<string, number>> = {},
): Evidence {
  return {
    rule,
    comparisons: comparisons.map(roundedComparison),
    scores: trials.map((trial) => {
      const { bestKnownScore, all } = summarise(trial);
      return { trial: trial.number, score: bestKnownScore === null ? null : rounded(bestKnownScore), runs: all.length };
    }),
    numbers: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, rounded(value)])),
  };
}

/** The bare difference of two trials' scores, without a word on it: one fit a side proves nothing. null when either has no score. */
export function bareComparison(trial: TrialView, against: TrialView): Comparison | null {
  const one = summarise(trial);
  const other = summarise(against);
  if (one.score === null || other.score === null) return null;
  return {
    trial: trial.number,
    against: against.number,
    difference: logLoss(one.score) - logLoss(other.score),
    standardError: null,
    pairs: pairedDifferences(trial, against),
    verdict: null,
    detectableGap: null,
  };
}

/** Differences of log loss between standing runs of the same seed and fold. */
export function pairedDifferences(trial: TrialView, against: TrialView): Comparison["pairs"] {
  const others = summarise(against).all;
  return summarise(trial).all.flatMap(({ outcome: run }) => {
    const twin = others.find(({ outcome }) => outcome.seed === run.seed && outcome.fold === run.fold);
    if (twin === undefined) return [];
    return [{ seed: run.seed, fold: run.fold, difference: logLoss(run.validationLoss) - logLoss(twin.outcome.validationLoss) }];
  });
}

function roundedComparison(comparison: Comparison): Comparison {
  return {
    ...comparison,
    difference: rounded(comparison.difference),
    standardError: comparison.standardError === null ? null : rounded(comparison.standardError),
    detectableGap: comparison.detectableGap === null ? null : rounded(comparison.detectableGap),
    pairs: comparison.pairs.map((pair) => ({ ...pair, difference: rounded(pair.difference) })),
  };
}
