/** After which epochs a run's layers are looked at, so that it costs little beside the training itself. */
import { type NetworkSpec, parameterCount } from "@rightsize/core";
import { inspectedRows } from "./layer-diagnostics.ts";

/** Share of a training's time that looking at its layers may take, beside what any run may spend: a few looks at the smallest networks. */
const share = 0.02;
const freeNs = 2.5e6;
/** Each look lies this much further on than the one before; further where a look takes more than a fifth of an epoch. */
const growth = { cheap: 1.5, dear: 3 } as const;

/**
 * Says of an epoch whether it is looked at: 1, 2, 3, 5, 8, 12, 18, 27, …, or 1, 3, 9, 27, … and fewer where an epoch is short beside a
 * look. A matter of shape and rows alone, so that a resumed run tells the same epochs. Networks without hidden layers have nothing to look at.
 */
export function diagnosedEpochs(network: NetworkSpec, trainingRows: number): (epoch: number) => boolean {
  if (network.capacity.hiddenLayers === 0) return () => false;
  const { lookNs, epochNs } = times(network, trainingRows);
  const factor = lookNs <= 0.2 * epochNs ? growth.cheap : growth.dear;
  const chosen = new Set<number>();
  for (let epoch = 1; epoch <= network.recipe.maxEpochs; epoch = Math.max(epoch + 1, Math.round(epoch * factor))) {
    if (chosen.size * lookNs <= freeNs + share * epoch * epochNs) chosen.add(epoch);
  }
  return (epoch) => chosen.has(epoch);
}

/** One look and one epoch in nanoseconds, as they were measured on one thread (test/bench/engine/README.md). */
function times(network: NetworkSpec, trainingRows: number): { readonly lookNs: number; readonly epochNs: number } {
  const parameters = parameterCount(network.inputs, network.capacity, network.outputs);
  const rowNs = 200 + 0.06 * parameters;
  return { lookNs: 500_000 + inspectedRows * 2.5 * rowNs + 4 * parameters, epochNs: trainingRows * rowNs };
}
