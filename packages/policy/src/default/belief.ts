/** What the trials so far say of every size together: the expected level of each, tried or not, and how sure that is. */
import { type Capacity, sameCapacity } from "@rightsize/core";
import { type Guess, type Smoothness, surrogate } from "../surrogate.ts";
import type { TrialView } from "../trials.ts";
import { eligible, leader, modelOf, type Search } from "./search.ts";

/** How far one size speaks for another. Chosen among a few values by test/bench/rules. */
const smoothness: Smoothness = {
  nodesOctaves: 3,
  layers: 1,
  leastDeviation: 0.05,
  ownShare: 0.01,
  trendShare: { octave: 0.035, layer: 0.08 },
};

/** A size that may be fitted next, or be the answer. */
export interface Place {
  readonly capacity: Capacity;
  /** Its trial, where it may be the answer; null where it was never tried. */
  readonly trial: TrialView | null;
}
/** The guess at places: those of the eligible trials first, in their order. */
export interface Belief extends Guess {
  readonly places: readonly Place[];
}

/**
 * The belief; null when no trial with a hidden layer has a score. The linear model shares nothing with networks: its level is
 * what was measured.
 */
export function beliefOf(search: Search): Belief | null {
  const model = modelOf(search);
  const trials = eligible(search);
  const hidden = trials.filter(({ capacity }) => capacity.hiddenLayers > 0);
  if (hidden.length === 0) return null;
  const linear = trials.filter(({ capacity }) => capacity.hiddenLayers === 0);
  const level = ({ number }: TrialView) => model.levels.get(number) as number;
  const variance = ({ number }: TrialView) => (model.deviation * model.deviation) / model.runs(number);
  const smooth = [...hidden.map((trial) => ({ capacity: trial.capacity, trial })), ...untriedSizes(search)];
  const guess = surrogate(
    hidden.map((trial) => ({ capacity: trial.capacity, level: level(trial), variance: variance(trial) })),
    smooth.map(({ capacity }) => capacity),
    smoothness,
  );
  const alone = linear.length;
  return {
    places: [...linear.map((trial) => ({ capacity: trial.capacity, trial })), ...smooth],
    levels: [...linear.map(level), ...guess.levels],
    covariance: (one, other) => {
      if (one >= alone && other >= alone) return guess.covariance(one - alone, other - alone);
      return one === other ? variance(linear[one] as TrialView) : 0;
    },
  };
}

/** The expected level by trial number, for trials that may be the answer; what was measured, where nothing is believed. */
export function expectedLevels(search: Search): ReadonlyMap<number, number> {
  const belief = beliefOf(search);
  if (belief === null) return modelOf(search).levels;
  return new Map(
    belief.places.flatMap(({ trial }, place) => (trial === null ? [] : [[trial.number, belief.levels[place] as number] as const])),
  );
}

/** The eligible trial with the least expected level, the first of equals; null when there is none. */
export function leastExpected(search: Search): TrialView | null {
  return leader(search, eligible(search), expectedLevels(search));
}

/** Every layer up to the ceiling × nodes that double, as far as no trial has the size. */
function untriedSizes(search: Search): readonly Place[] {
  const { explore, ceiling } = search.parameters;
  const sizes: Capacity[] = [];
  for (let hiddenLayers = 1; hiddenLayers <= ceiling.hiddenLayers; hiddenLayers++)
    for (let nodesPerLayer = explore.fewestNodes; nodesPerLayer <= ceiling.nodesPerLayer; nodesPerLayer *= 2)
      sizes.push({ hiddenLayers, nodesPerLayer });
  return sizes
    .filter((size) => !search.trials.some((trial) => sameCapacity(trial.capacity, size)))
    .map((capacity) => ({ capacity, trial: null }));
}
