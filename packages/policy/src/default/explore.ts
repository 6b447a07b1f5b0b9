/** Guided steps: after the climb and the probes, the size from which most is expected for its cost, until too little is. */
import { type Capacity, sameCapacity } from "@rightsize/core";
import { percentText } from "../numbers.ts";
import { expectedImprovement, surrogate } from "../surrogate.ts";
import { eligible, modelOf, parametersOf, type Search } from "./search.ts";

/** Work beside the weights that a row costs, in parameters. */
const overheadParameters = 10_000;

/** The untried size with the largest expected gain for its cost; null when none is expected to gain `leastGain`. Exported for its test. */
export function nextGuided(search: Search): { readonly capacity: Capacity; readonly gain: number; readonly why: string } | null {
  const { explore, ceiling } = search.parameters;
  const model = modelOf(search);
  const tried = eligible(search)
    .filter(({ capacity }) => capacity.hiddenLayers > 0)
    .map(({ number, capacity }) => ({
      capacity,
      level: model.levels.get(number) as number,
      variance: (model.deviation * model.deviation) / model.runs(number),
    }));
  if (tried.length === 0) return null;
  const guess = surrogate(tried, explore.smoothness);
  const best = Math.min(...tried.map(({ capacity }) => guess(capacity).level));
  let chosen: { capacity: Capacity; gain: number; worth: number } | null = null;
  for (let hiddenLayers = 1; hiddenLayers <= ceiling.hiddenLayers; hiddenLayers++)
    for (let nodesPerLayer = explore.fewestNodes; nodesPerLayer <= ceiling.nodesPerLayer; nodesPerLayer *= 2) {
      const capacity = { hiddenLayers, nodesPerLayer };
      if (search.trials.some((trial) => sameCapacity(trial.capacity, capacity))) continue;
      const gain = expectedImprovement(guess(capacity), best);
      if (gain < explore.leastGain) continue;
      let worth = gain;
      if (explore.thrift > 0) worth = gain / powerOf(parametersOf(search, capacity) + overheadParameters, explore.thrift);
      if (chosen === null || worth > chosen.worth) chosen = { capacity, gain, worth };
    }
  if (chosen === null) return null;
  return { ...chosen, why: `from which a gain of ${percentText(chosen.gain)} is expected` };
}

import { exponential, naturalLog } from "../numbers.ts";

function powerOf(base: number, power: number): number {
  return exponential(power * naturalLog(base));
}
