/** The end of the preset `default`: which trial is the answer, and what is known of it against each other. */
import { type Comparison, capacityText, type Finish } from "@rightsize/core";
import { evidenceOf } from "../evidence.ts";
import { logLoss, numberText, pairText, percentText } from "../numbers.ts";
import { summarise, type TrialView } from "../trials.ts";
import { expectedLevels, leastExpected } from "./belief.ts";
import { bandOf, comparisonsWith, eligible, noiseNumbers, parametersOf, rule, type Search } from "./search.ts";

/** The answer: the least expected loss among the trials, or a smaller one that is as good. */
export function answer(search: Search): Finish {
  const levels = expectedLevels(search);
  const best = leastExpected(search);
  const about = search.trials.length > 0 ? search.trials.length : null;
  if (best === null) {
    const evidence = evidenceOf(rule, search.trials, [], noiseNumbers(search));
    const reason = "No network could be trained, whatever the rate and initialisation: done, without an answer";
    return { action: "FINISH", about, winner: null, verdict: "nothing_trainable", reason, evidence };
  }
  const winner = smallestOfNear(search, best, levels);
  const comparisons = comparisonsWith(search, winner);
  const advantage = advantageOverMean(search, winner);
  const margin = meanMargin(search, winner);
  const { bestKnownScore, all } = summarise(winner);
  const name = `${capacityText(winner.capacity)} with ${numberText(bestKnownScore as number)} (${all.length === 1 ? "one fit" : `mean of ${all.length} fits`})`;
  const finish = (verdict: Finish["verdict"], reason: string): Finish => ({
    action: "FINISH",
    about,
    winner: winner.number,
    verdict,
    reason,
    evidence: evidenceOf(rule, search.trials, comparisons, { ...noiseNumbers(search), advantageOverMean: advantage, meanMargin: margin }),
  });
  if (advantage <= margin)
    return finish(
      "nothing_beats_mean",
      `Nothing beats the mean predictor: the best, ${name}, is ${gap(advantage)} it, where chance alone gives up to ${percentText(margin)}: done`,
    );
  const { ceiling } = search.parameters;
  const highest = winner.capacity.hiddenLayers === ceiling.hiddenLayers && winner.capacity.nodesPerLayer === ceiling.nodesPerLayer;
  const within = winner.capacity.hiddenLayers === 0 ? bandOf(search) : search.parameters.cheaperWithin;
  const smaller = winner === best ? "" : `, the smallest within ${percentText(within)} of the best, ${capacityText(best.capacity)}`;
  return finish(
    highest ? "ceiling" : "converged",
    `Done: the answer is ${name}${smaller}, the best in the explored range${lowerAloneText(search, best)}; ${wordsText(search, comparisons)}`,
  );
}

/** Says so where a row of the table is lower than the one that all rows together promise most of: nobody should have to wonder. */
function lowerAloneText(search: Search, best: TrialView): string {
  const scoreOf = (trial: TrialView) => summarise(trial).bestKnownScore ?? Number.POSITIVE_INFINITY;
  const lowest = eligible(search).reduce((low, trial) => (scoreOf(trial) < scoreOf(low) ? trial : low), best);
  if (lowest === best) return "";
  const [low, believed] = pairText(scoreOf(lowest), scoreOf(best));
  return ` by what all scores together let expect, though ${capacityText(lowest.capacity)} by itself scored lower (${low} against ${believed})`;
}

function gap(advantage: number): string {
  return advantage > 0 ? `only ${percentText(advantage)} better than` : "no better than";
}

/** The linear model where it is within the band of the best; else the smallest network within `cheaperWithin` of it. */
function smallestOfNear(search: Search, best: TrialView, levels: ReadonlyMap<number, number>): TrialView {
  const worse = (trial: TrialView) => (levels.get(trial.number) ?? Number.POSITIVE_INFINITY) - (levels.get(best.number) as number);
  const near = eligible(search).filter(
    (trial) => trial === best || worse(trial) <= (trial.capacity.hiddenLayers === 0 ? bandOf(search) : search.parameters.cheaperWithin),
  );
  return near.reduce((smallest, trial) =>
    parametersOf(search, trial.capacity) < parametersOf(search, smallest.capacity) ? trial : smallest,
  );
}

/** How much lower than the mean predictor's the winner's loss is, on the log scale and fold by fold. */
function advantageOverMean({ context }: Search, winner: TrialView): number {
  const { all } = summarise(winner);
  const gains = all.map(({ outcome }) => logLoss(context.meanPredictorLoss[outcome.fold] ?? 1) - logLoss(outcome.validationLoss));
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

/**
 * What early stopping on the validation rows gives by chance alone: a prediction of size p that has nothing to do with the target
 * changes the loss by p² − 2 p z / √rows (z standard normal), at best by z² / rows. The best of many epochs and sizes has a z of
 * about 3: 9 / rows, over the validation rows of all folds that were used.
 */
function meanMargin({ context }: Search, winner: TrialView): number {
  const folds = new Set(summarise(winner).all.map(({ outcome }) => outcome.fold)).size;
  return 9 / Math.max(1, context.validationRows * folds);
}

/** For example `better than 1×64, a tie with 3×256, undecided against 2×128 (a gap of 3.1 % could have been seen)`. */
function wordsText(search: Search, comparisons: readonly Comparison[]): string {
  const name = (number: number) => capacityText((search.trials[number - 1] as TrialView).capacity);
  const of = (verdict: Comparison["verdict"]) => comparisons.filter((comparison) => comparison.verdict === verdict);
  const list = (some: readonly Comparison[]) => some.map(({ trial }) => name(trial)).join(", ");
  const undecided = of("undecided").map(
    ({ trial, detectableGap }) => `${name(trial)} (a gap of ${percentText(detectableGap ?? 0)} would have shown)`,
  );
  // The words are about the other trial: the winner is better than what is worse.
  const parts = [
    of("worse").length > 0 ? `better than ${list(of("worse"))}` : "",
    of("better").length > 0 ? `worse than ${list(of("better"))}` : "",
    of("tie").length > 0 ? `a tie with ${list(of("tie"))}` : "",
    undecided.length > 0 ? `undecided against ${undecided.join(", ")}` : "",
    of(null).length > 0 ? `with too few fits to say whether ${list(of(null))} could be better` : "",
    of("capped").length > 0 ? `not judged against ${list(of("capped"))} (ended at the epoch cap)` : "",
    of("untrainable").length > 0 ? `${list(of("untrainable"))} can't be trained` : "",
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(", ") : "there was nothing to compare it with";
}
