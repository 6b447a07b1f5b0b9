/** After which epochs a run's layers are looked at, so that it costs little beside the training itself. */
import { type NetworkSpec, parameterCount, trainsTogether } from "@rightsize/core";
import { inspectedRows } from "./layer-diagnostics.ts";

/** Share of a training's time that looking at its layers may take, beside as much as any run may spend: less than its graph takes to compile. */
const share = 0.02;
const freeNs = 3e6;
/** Each look lies at least this much further on than the one before. */
const growth = 1.5;

/**
 * Says of an epoch whether it is looked at: 1, 2, 3, 5, 8, 12, 18, 27, …, fewer where an epoch is short beside a look. A matter of shape
 * and rows alone, so that a resumed run tells the same epochs. Networks without hidden layers have nothing to look at.
 */
export function diagnosedEpochs(network: NetworkSpec, trainingRows: number): (epoch: number) => boolean {
  if (network.capacity.hiddenLayers === 0) return () => false;
  const { lookNs, epochNs } = times(network, trainingRows);
  const chosen = new Set<number>();
  for (let epoch = 1; epoch <= network.recipe.maxEpochs; epoch = Math.max(epoch + 1, Math.round(epoch * growth))) {
    if (chosen.size * lookNs <= freeNs + share * epoch * epochNs) chosen.add(epoch);
  }
  return (epoch) => chosen.has(epoch);
}

/** One look and one epoch in nanoseconds, as they were measured on one thread (test/bench/engine/README.md); small networks as side by side. */
function times(network: NetworkSpec, trainingRows: number): { readonly lookNs: number; readonly epochNs: number } {
  const parameters = parameterCount(network.inputs, network.capacity, network.outputs);
  const rowNs = trainsTogether(parameters, network.recipe) ? 60 + 0.03 * parameters : 200 + 0.06 * parameters;
  return { lookNs: 400_000 + inspectedRows * 2.5 * (200 + 0.06 * parameters) + 4 * parameters, epochNs: trainingRows * rowNs };
}
