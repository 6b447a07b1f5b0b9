/** Chunks of steps: longer for large networks, whose parameters are copied after each. */
import type { Capacity, Engine, NetworkSession } from "@rightsize/core";
import { expect, test } from "vitest";
import { chunkDurationMs } from "../src/chunk-duration.ts";
import { type TrainHooks, trainRun } from "../src/index.ts";
import { collect, jobFor, networkFor, waves } from "./support.ts";

const small: Capacity = { hiddenLayers: 1, nodesPerLayer: 64 };
const large: Capacity = { hiddenLayers: 3, nodesPerLayer: 1000 };

test("a chunk lasts 50 ms, longer the more there is to copy, and never more than half a second", () => {
  const duration = (capacity: Capacity) => chunkDurationMs(networkFor(waves(4), capacity));
  expect(duration(small)).toBe(50);
  expect(duration({ hiddenLayers: 3, nodesPerLayer: 250 })).toBeCloseTo(101.4, 1);
  expect(duration(large)).toBe(500);
});

/** Steps of the longest chunk where a step takes 10 ms, whatever the network. */
async function longestChunk(capacity: Capacity, overrides: Partial<TrainHooks> = {}): Promise<number> {
  let clock = 0;
  let longest = 0;
  const session: NetworkSession = {
    train: async (steps) => {
      clock += 10 * steps.length;
      longest = Math.max(longest, steps.length);
      return new Float64Array(steps.length);
    },
    evaluate: async () => 1,
    predict: async (rows) => new Float32Array(rows.length),
    weights: () => [],
    setWeights: () => {},
    exportState: () => new Uint8Array(0),
    importState: () => {},
    dispose: async () => {},
  };
  const engine: Engine = {
    name: "onnx",
    fingerprint: "",
    deterministic: true,
    device: "",
    open: async () => session,
    close: async () => {},
  };
  const job = jobFor(waves(4000), capacity, { maxEpochs: 1, batchSize: 8 });
  await trainRun(engine, job, collect({ now: () => clock, ...overrides }).hooks);
  return longest;
}

test("the train loop looks at its signal that often, and as often as it is told to", async () => {
  expect(await longestChunk(small)).toBe(5);
  expect(await longestChunk(large)).toBe(50);
  expect(await longestChunk(large, { chunkMs: 100 })).toBe(10);
});
