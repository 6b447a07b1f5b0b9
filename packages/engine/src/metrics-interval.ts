/** How often metrics stand beside an epoch's loss, so that they cost little beside the training itself. */
import { type NetworkSpec, parameterCount } from "@rightsize/core";
import type { TargetScale } from "./metrics.ts";

/** Share of an epoch's time that metrics may take. */
const share = 0.05;

/**
 * Every how many epochs metrics cost at most about 5 % of the training, from 1. A matter of shape and rows alone, so that equal runs
 * tell equal epochs; the times behind it (nanoseconds, one thread) were measured, see test/bench/engine/README.md.
 */
export function metricsInterval(network: NetworkSpec, target: TargetScale, trainingRows: number, validationRows: number): number {
  const parameters = parameterCount(network.inputs, network.capacity, network.outputs);
  const epochNs = trainingRows * (200 + 0.06 * parameters);
  return Math.max(1, Math.ceil((validationRows * rowNs(network, target)) / (share * epochNs)));
}

/** One row's part of the metrics: shares and log loss by class, and for two classes the sort behind the AUC; in regression perhaps an exponential. */
function rowNs(network: NetworkSpec, target: TargetScale): number {
  if (network.task === "regression") return target.log ? 50 : 20;
  const classes = Math.max(2, network.outputs);
  return classes === 2 ? 200 : 40 * classes;
}
