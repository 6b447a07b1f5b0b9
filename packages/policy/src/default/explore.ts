/** Guided fits: after the climb and the probes, whichever fit is expected to gain most for its work, of a new size or of a tried one, until none gains enough. */
import { type Capacity, capacityText } from "@rightsize/core";
import { naturalLog, percentText } from "../numbers.ts";
import { replicateRun } from "../runs.ts";
import type { Script } from "../script.ts";
import { expectedFall } from "../surrogate.ts";
import { isCutShort, summarise, type TrialView } from "../trials.ts";
import { probabilityBelow } from "../words.ts";
import { beliefOf, leastExpected, type Place } from "./belief.ts";
import { repair } from "./repair.ts";
import { addRuns, modelOf, overheadParameters, parametersOf, type Search } from "./search.ts";
import { visit } from "./visit.ts";

/** A fit worth making, and why. */
export interface GuidedFit extends Place {
  /** Expected fall of the answer's loss, log scale. */
  readonly gain: number;
  readonly why: string;
}

/** Makes guided fits while one promises enough, or the answer to be has too few, and no more than `explore.fits`. */
export function* explore(search: Search): Script<void> {
  for (let fits = 0; fits < search.parameters.explore.fits; fits++) {
    const chosen = nextGuided(search) ?? confirmation(search);
    if (chosen === null) return;
    if (chosen.trial === null) yield* visit(search, chosen.capacity, 1, chosen.why);
    else yield* fitAgain(search, chosen.trial, chosen.why);
  }
}

function* fitAgain(search: Search, trial: TrialView, why: string): Script<void> {
  const { all, learningRate } = summarise(trial);
  const run = replicateRun(search.context, "finals", all.length, learningRate as number);
  const text = `Fit ${capacityText(trial.capacity)} a ${ordinal(all.length + 1)} time, ${why}`;
  yield* addRuns(search, trial.number, [run], text);
  yield* repair(search, trial.number, all.length + 1, false);
}

/**
 * One more fit of the answer to be, where it has fewer than `explore.leastFits` and another trial may yet be better than it; else null.
 * An answer far ahead of all others needs no second fit to be believed.
 */
function confirmation(search: Search): GuidedFit | null {
  const trial = leastExpected(search);
  if (trial === null || summarise(trial).all.length >= search.parameters.explore.leastFits) return null;
  const model = modelOf(search);
  const mayBeBetter = ({ number }: TrialView) =>
    number !== trial.number &&
    model.levels.has(number) &&
    probabilityBelow(0, model.contrast(number, trial.number), model.degrees) >= 1 - search.parameters.confidence;
  if (!search.trials.some(mayBeBetter)) return null;
  return { capacity: trial.capacity, trial, gain: 0, why: "to confirm the answer" };
}

/**
 * The fit with the largest expected gain over the square root of its work, among those that promise `explore.leastGain`, and
 * `explore.gainForWork` times their work over the work of fitting every size within reach once. null where there is none, or no
 * network has a score.
 */
export function nextGuided(search: Search): GuidedFit | null {
  const { explore: limits } = search.parameters;
  const belief = beliefOf(search);
  if (belief === null) return null;
  const eligible = belief.places.flatMap(({ trial }, place) => (trial === null ? [] : [place]));
  const noise = modelOf(search).deviation;
  const work = workGuess(search);
  const largest = Math.max(...search.trials.map(({ capacity }) => parametersOf(search, capacity)));
  const reached = belief.places.map(({ capacity }) => parametersOf(search, capacity) <= limits.reach * largest);
  const rangeWork = belief.places.reduce((sum, { capacity }, index) => (reached[index] ? sum + work(capacity) : sum), 0);
  let best: { gain: number; worth: number; place: Place } | null = null;
  for (const [index, place] of belief.places.entries()) {
    if (!reached[index] || (place.trial !== null && summarise(place.trial).all.length >= limits.fitsOfOne)) continue;
    const gain = expectedFall(belief, index, eligible, noise);
    const share = work(place.capacity) / rangeWork;
    if (gain < limits.leastGain || gain < limits.gainForWork * share) continue;
    const worth = gain / Math.sqrt(share);
    if (best === null || worth > best.worth) best = { gain, worth, place };
  }
  if (best === null) return null;
  const { gain, place } = best;
  return { ...place, gain, why: `from which the trials so far let a gain of ${percentText(gain)} be expected` };
}

/**
 * The work of one fit of a capacity: weights and overhead a row and epoch, and as many epochs as the tried size needed that is nearest
 * in weights. Runs without a cost are made up (speculation) and say nothing of epochs, nor do those that were cut short.
 */
function workGuess(search: Search): (capacity: Capacity) => number {
  const size = (capacity: Capacity) => parametersOf(search, capacity) + overheadParameters;
  const known = search.trials.flatMap(({ capacity, runs }) => {
    const real = runs.filter((run) => run.outcome.cost > 0 && !isCutShort(run));
    if (real.length === 0) return [];
    return [{ log: naturalLog(size(capacity)), epochs: real.reduce((sum, { outcome }) => sum + outcome.epochs, 0) / real.length }];
  });
  return (capacity) => {
    const log = naturalLog(size(capacity));
    const far = (one: { readonly log: number }) => Math.abs(one.log - log);
    const nearest = known.reduce<(typeof known)[number] | null>((best, one) => (best === null || far(one) < far(best) ? one : best), null);
    return size(capacity) * (nearest?.epochs ?? 1);
  };
}

function ordinal(number: number): string {
  return ["zeroth", "first", "second", "third", "fourth", "fifth"][number] ?? `${number}th`;
}
