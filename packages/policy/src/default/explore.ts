/** Guided steps: after the climb and the probes, the size from which most is expected for its work, until too little is. */
import { type Capacity, sameCapacity } from "@rightsize/core";
import { percentText } from "../numbers.ts";
import { expectedImprovement, type Smoothness, surrogate } from "../surrogate.ts";
import { eligible, modelOf, overheadParameters, parametersOf, type Search } from "./search.ts";

/** How far one size speaks for another: 2.5 octaves of nodes, one layer; levels of sizes deviate by 10 % at least. Chosen among a few values by test/bench/rules. */
const smoothness: Smoothness = { nodesOctaves: 2.5, layers: 1, leastDeviation: 0.1 };

/** A size worth trying, and why. */
export interface GuidedStep {
  readonly capacity: Capacity;
  /** Expected fall of the loss, log scale. */
  readonly gain: number;
  readonly why: string;
}

/**
 * The untried size with the largest expected gain for its work (weights and overhead a row), among those whose expected gain is
 * at least `explore.leastGain`; null when there is none, or no trial with a hidden layer has a score.
 */
export function nextGuided(search: Search): GuidedStep | null {
  const { explore } = search.parameters;
  const model = modelOf(search);
  const tried = eligible(search)
    .filter(({ capacity }) => capacity.hiddenLayers > 0)
    .map(({ number, capacity }) => ({
      capacity,
      level: model.levels.get(number) as number,
      variance: (model.deviation * model.deviation) / model.runs(number),
    }));
  if (tried.length === 0) return null;
  const guess = surrogate(tried, smoothness);
  const best = Math.min(...tried.map(({ capacity }) => guess(capacity).level));
  let chosen: { capacity: Capacity; gain: number; worth: number } | null = null;
  for (const capacity of untriedSizes(search)) {
    const gain = expectedImprovement(guess(capacity), best);
    const worth = gain / (parametersOf(search, capacity) + overheadParameters);
    if (gain >= explore.leastGain && (chosen === null || worth > chosen.worth)) chosen = { capacity, gain, worth };
  }
  return chosen === null ? null : { ...chosen, why: `from which the trials so far let a gain of ${percentText(chosen.gain)} be expected` };
}

function untriedSizes(search: Search): readonly Capacity[] {
  const { explore, ceiling } = search.parameters;
  const sizes: Capacity[] = [];
  for (let hiddenLayers = 1; hiddenLayers <= ceiling.hiddenLayers; hiddenLayers++)
    for (let nodesPerLayer = explore.fewestNodes; nodesPerLayer <= ceiling.nodesPerLayer; nodesPerLayer *= 2)
      sizes.push({ hiddenLayers, nodesPerLayer });
  return sizes.filter((size) => !search.trials.some((trial) => sameCapacity(trial.capacity, size)));
}
