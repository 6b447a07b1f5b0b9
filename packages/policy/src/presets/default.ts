/**
 * Preset `default`: climb, probe, then whichever fit promises most. What measurement says finds the right size (test/bench/rules/README.md).
 *
 * 1. The linear model (an eligible answer), then the start; climb from it, at most twice: one layer more and twice the nodes, one fit
 *    each, while a step gains more than 2 %. A step up needs no proof.
 * 2. A probe far from the path: climbing from one start falls into traps.
 *    A trial that diverged, died or ended at the epoch cap is repaired before any comparison (cause before size).
 * 3. Guided fits: a smooth guess through all trials (a Gaussian process over layers and nodes) says what one more fit, of a new size or
 *    of a tried one, is expected to gain. The one that gains most for its work is made, until none gains enough.
 * 4. Words (better, worse, tie, undecided, untrainable, capped) with two runs a side, by Student's t on the pooled deviation.
 * 5. The answer is the size with the least expected loss, its neighbours taken into account, or a smaller one that is as good.
 *
 * Replicate r has the experiment's seed + r, and fold r where the plan has folds. Several learning rates are one probe a rate
 * (whole with a sweep, short with probes), after which the chosen rate alone is fitted, with fresh seeds.
 */
import { type Capacity, capacityText, defaultRecipe, linearModel, sameCapacity } from "@rightsize/core";
import { answer } from "../default/answer.ts";
import { explore } from "../default/explore.ts";
import { type DefaultParameters, defaultParameters } from "../default/parameters.ts";
import { modelOf, newSearch, type Search, trialNumbered, trialOf } from "../default/search.ts";
import { visit } from "../default/visit.ts";
import { percentText } from "../numbers.ts";
import { definePreset } from "../preset.ts";
import { type Script, tell } from "../script.ts";
import type { TrialView } from "../trials.ts";

function* story(search: Search): Script {
  const { parameters } = search;
  if (parameters.linear) yield* visit(search, linearModel, 1, "the linear model is the size to beat");
  const several = parameters.startFits > 1 ? ", fitted several times to learn the noise" : "";
  const start = yield* visit(search, parameters.start, parameters.startFits, `the start${several}`);
  yield* climb(search, start);
  for (const capacity of parameters.probes)
    if (trialOf(search, capacity) === undefined)
      yield* visit(search, capacity, 1, "a probe away from the path, in case the climb ended in a trap");
  yield* explore(search);
  return () => answer(search);
}

/** Steps up from a trial while each step is better than the one before by more than `leastGain`, and no more than `step.most`. */
function* climb(search: Search, from: TrialView): Script<void> {
  const { step: way, leastGain: gain } = search.parameters;
  let foot = from;
  for (let steps = 0; steps < way.most; steps++) {
    const capacity = stepUp(foot.capacity, search.parameters);
    if (sameCapacity(capacity, foot.capacity)) return;
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

/** What measurement says finds the right size. */
export const measured = definePreset<DefaultParameters>({
  name: "default",
  version: 2,
  summary:
    "Climb by one layer and twice the nodes, probe for traps, then fit whatever is expected to gain most for its work, and answer with evidence.",
  recipe: defaultRecipe,
  parameters: defaultParameters,
  next: (context, parameters, history) => tell(story(newSearch(context, parameters)), history),
});
