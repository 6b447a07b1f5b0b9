/**
 * Preset `default`: climb, probe, explore, finals. What measurement says finds the right size (test/bench/rules/README.md).
 *
 * 1. The linear model (an eligible answer), then the start, fitted twice to learn the noise; climb from it: one layer more and
 *    twice the nodes, one fit each, while a step gains more than 2 %. A step up needs no proof.
 * 2. A probe far from the path: climbing from one start falls into traps. A better probe is climbed from.
 *    A trial that diverged, died or ended at the epoch cap is repaired before any comparison (cause before size).
 * 3. Up to three guided steps: a smooth guess through the trials (a Gaussian process) names the untried size with the largest
 *    expected gain for its work, if that gain is at least 3 %.
 * 4. Finals: more fits for the best trials, where they can change the answer, within a budget of training work.
 * 5. Words (better, worse, tie, undecided, untrainable, capped) with two runs a side, by Student's t on the pooled deviation.
 * 6. The answer is the best mean, or the smallest network within the band of it.
 *
 * Replicate r has the experiment's seed + r, and fold r where the plan has folds. A sweep of learning rates is one probe a rate,
 * after which the chosen rate alone is fitted, with fresh seeds.
 */
import { type Capacity, capacityText, defaultRecipe, linearModel, sameCapacity } from "@rightsize/core";
import { answer } from "../default/answer.ts";
import { nextGuided } from "../default/explore.ts";
import { finals } from "../default/finals.ts";
import { type DefaultParameters, defaultParameters } from "../default/parameters.ts";
import { repair } from "../default/repair.ts";
import { leader, modelOf, newSearch, type Search, startTrial, trialNumbered, trialOf } from "../default/search.ts";
import { percentText } from "../numbers.ts";
import { definePreset } from "../preset.ts";
import { type Script, tell } from "../script.ts";
import type { TrialView } from "../trials.ts";

function* story(search: Search): Script {
  const { parameters } = search;
  if (parameters.linear) yield* visit(search, linearModel, 1, "the linear model is the size to beat");
  const start = yield* visit(search, parameters.start, parameters.startFits, "the start, fitted several times to learn the noise");
  yield* climb(search, start);
  for (const capacity of parameters.probes) {
    if (trialOf(search, capacity) !== undefined) continue;
    const probe = yield* visit(search, capacity, 1, "a probe away from the path, in case the climb ended in a trap");
    if (leader(search) === probe) yield* climb(search, probe);
  }
  for (let guided = 0; guided < parameters.explore.trials; guided++) {
    const chosen = nextGuided(search);
    if (chosen === null) break;
    yield* visit(search, chosen.capacity, 1, chosen.why);
  }
  yield* finals(search);
  return () => answer(search);
}

/** Steps up from a trial while each step is better than the one before by more than `leastGain`. */
function* climb(search: Search, from: TrialView): Script<void> {
  let foot = from;
  for (;;) {
    const capacity = stepUp(foot.capacity, search.parameters);
    if (sameCapacity(capacity, foot.capacity)) return;
    const gain = search.parameters.leastGain;
    const why = `a step up from ${capacityText(foot.capacity)}${gain > 0 ? `, as long as a step gains more than ${percentText(gain)}` : ""}`;
    const step = trialOf(search, capacity) ?? (yield* visit(search, capacity, 1, why));
    // A repair may have changed what is known of the foot's trial since it was read.
    foot = trialNumbered(search, foot.number);
    if (!(gainOf(search, step, foot) > gain)) return;
    foot = step;
  }
}

/** How much lower the first trial's loss is, on the log scale; nothing is better than a trial without a score by an infinite amount. */
function gainOf(search: Search, step: TrialView, foot: TrialView): number {
  const { levels } = modelOf(search);
  const level = (trial: TrialView) => levels.get(trial.number) ?? Number.POSITIVE_INFINITY;
  return level(step) === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : level(foot) - level(step);
}

/** One layer more and twice the nodes (or what `step` says), each as far as the ceiling allows. */
function stepUp(capacity: Capacity, { step, ceiling }: DefaultParameters): Capacity {
  return {
    hiddenLayers: Math.max(capacity.hiddenLayers, Math.min(capacity.hiddenLayers + step.layers, ceiling.hiddenLayers)),
    nodesPerLayer: Math.max(capacity.nodesPerLayer, Math.min(Math.round(capacity.nodesPerLayer * step.factor), ceiling.nodesPerLayer)),
  };
}

/** Starts a trial and repairs what hinders it. */
function* visit(search: Search, capacity: Capacity, fits: number, why: string): Script<TrialView> {
  const { number } = yield* startTrial(search, capacity, fits, why);
  yield* repair(search, number, fits, true);
  return trialNumbered(search, number);
}

/** What measurement says finds the right size. */
export const measured = definePreset<DefaultParameters>({
  name: "default",
  version: 1,
  summary:
    "Climb by one layer and twice the nodes, probe for traps, explore where gain is expected, fit the best again, and answer with evidence.",
  recipe: defaultRecipe,
  parameters: defaultParameters,
  next: (context, parameters, history) => tell(story(newSearch(context, parameters)), history),
});
