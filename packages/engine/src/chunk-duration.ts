/** How long a chunk of steps lasts before the train loop looks at its signal again. */
import { type NetworkSpec, parameterCount } from "@rightsize/core";

/** Soon enough for anyone who waits, and far below what a child that was told to stop is given. */
const bounds = { leastMs: 50, mostMs: 1000 } as const;

/** One parameter's part of what a chunk costs: it and its moments are copied when the graph gives them back (test/bench/engine/README.md). */
const copyNs = 6;

/** Share of a chunk that copying may take. */
const share = 0.03;

/** Milliseconds: 50 up to 250,000 parameters, 410 for two million. */
export function chunkDurationMs(network: NetworkSpec): number {
  const parameters = parameterCount(network.inputs, network.capacity, network.outputs);
  return Math.min(bounds.mostMs, Math.max(bounds.leastMs, (parameters * copyNs) / 1e6 / share));
}
