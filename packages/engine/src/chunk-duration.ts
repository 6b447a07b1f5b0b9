/** How long a chunk of steps lasts before the train loop looks at its signal again. */
import { type NetworkSpec, parameterCount } from "@rightsize/core";

/** Soon enough for anyone who waits, and far below what a child that was told to stop is given. */
const bounds = { leastMs: 50, mostMs: 500 } as const;

/** One parameter's part of what a chunk costs: it and its moments are copied when the graph gives them back (test/bench/engine/README.md). */
const copyNs = 8;

/** Share of a chunk that copying may take, as far as the bounds allow. */
const share = 0.01;

/** Milliseconds: 50 up to 62,500 parameters, 500 from 625,000 on. */
export function chunkDurationMs(network: NetworkSpec): number {
  const parameters = parameterCount(network.inputs, network.capacity, network.outputs);
  return Math.min(bounds.mostMs, Math.max(bounds.leastMs, (parameters * copyNs) / 1e6 / share));
}
