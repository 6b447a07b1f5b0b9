/** Layers' diagnostics beside epochs: what is told, how often, and that they change nothing. */
import type { Engine } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diagnosedEpochs } from "../src/diagnosed-epochs.ts";
import { createEngine, serialiseWeights, type TrainHooks, type TrainJob, trainRun } from "../src/index.ts";
import { collect, jobFor, networkFor, waves } from "./support.ts";

const engines: Engine[] = [];
beforeAll(async () => {
  engines.push(await createEngine("onnx"), await createEngine("tensorflow"));
});
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

const recipe = { maxEpochs: 7, patience: 7, batchSize: 32 } as const;
const small = jobFor(waves(400), { hiddenLayers: 2, nodesPerLayer: 24 }, recipe);
/** Rows enough for the first epochs to be looked at: 18,000 small ones train quickly. */
const long = jobFor(waves(24_000), { hiddenLayers: 2, nodesPerLayer: 24 }, { ...recipe, batchSize: 500 });
const tanh = jobFor(
  waves(400),
  { hiddenLayers: 3, nodesPerLayer: 12 },
  { ...recipe, activation: "tanh", dropoutFraction: 0.2, initialScale: 20 },
);

async function train(engine: Engine, job: TrainJob, overrides: Partial<TrainHooks> = {}) {
  const { hooks, epochs } = collect(overrides);
  const outcome = await trainRun(engine, job, hooks);
  if (outcome.kind !== "completed") throw new Error(outcome.kind);
  return { epochs, result: outcome.result, weights: Buffer.from(serialiseWeights(outcome.weights)).toString("base64") };
}

test.each([
  [0, "onnx", small],
  [0, "onnx", tanh],
  [1, "tensorflow", small],
  [1, "tensorflow", tanh],
] as const)("engine %i, %s: the first epoch tells each hidden layer, and training has the same bits without", async (which, _name, job) => {
  const engine = engines[which] as Engine;
  const [looked, plain] = [await train(engine, job), await train(engine, job, { layerDiagnostics: false })];
  expect(looked.epochs[0]?.diagnostics).toHaveLength(job.network.capacity.hiddenLayers);
  for (const { deadFraction, gradientNorm, updateRatio, saturatedFraction } of looked.epochs[0]?.diagnostics ?? []) {
    expect(deadFraction).toBeLessThan(1);
    expect(gradientNorm).toBeGreaterThan(0);
    expect(updateRatio).toBeGreaterThan(1e-6);
    expect(updateRatio).toBeLessThan(0.2);
    if (job === tanh) expect(saturatedFraction).toBeGreaterThan(0.3);
    else expect(saturatedFraction).toBe(0);
  }
  expect(plain.epochs.every((epoch) => !("diagnostics" in epoch))).toBe(true);
  expect(plain.epochs).toEqual(looked.epochs.map(({ diagnostics: _, ...epoch }) => epoch));
  expect({ ...plain.result, trainMs: 0 }).toEqual({ ...looked.result, trainMs: 0 });
  expect(plain.weights).toBe(looked.weights);
});
test("at the best epoch the numbers are those of the result, and both engines see the same", async () => {
  const [onnx, tensorflow] = [await train(engines[0] as Engine, small), await train(engines[1] as Engine, small)];
  const one = {
    ...small,
    network: { ...small.network, recipe: { ...small.recipe, maxEpochs: 1 } },
    recipe: { ...small.recipe, maxEpochs: 1 },
  };
  const { epochs, result } = await train(engines[0] as Engine, one);
  const state = (layers: typeof result.diagnostics extends infer D ? (D extends { layers: infer L } ? L : never) : never) =>
    layers.map(({ updateRatio: _, ...rest }) => rest);
  expect(state(epochs[0]?.diagnostics ?? [])).toEqual(state(result.diagnostics?.layers ?? []));
  for (const [layer, seen] of (onnx.epochs[0]?.diagnostics ?? []).entries()) {
    const other = tensorflow.epochs[0]?.diagnostics?.[layer];
    expect(seen.gradientNorm).toBeCloseTo(other?.gradientNorm as number, 4);
    expect(seen.updateRatio).toBeCloseTo(other?.updateRatio as number, 4);
  }
});
test("a run resumed from any checkpoint, also before an epoch's last step, tells the rest of the epochs as if it had never stopped", async () => {
  const [engine] = engines as [Engine];
  const checkpoints: { readonly bytes: Uint8Array; readonly epoch: number }[] = [];
  const keep = {
    chunkSteps: 8,
    checkpointEveryMs: 0,
    onCheckpoint: async (bytes: Uint8Array, epoch: number) => void checkpoints.push({ bytes, epoch }),
  };
  const whole = await train(engine, long, keep);
  expect(whole.epochs.filter(({ diagnostics }) => diagnostics !== undefined).length).toBeGreaterThan(2);
  expect(checkpoints.length).toBeGreaterThan(20);
  for (const { bytes, epoch } of checkpoints.filter((_, index) => index % 5 === 0 || index % 6 === 4)) {
    const rest = await train(engine, { ...long, checkpoint: bytes });
    expect(rest.epochs).toEqual(whole.epochs.slice(epoch - 1));
  }
});
test("looks lie further and further apart, and rarer where an epoch is short beside one", () => {
  const looked = (rows: number, hiddenLayers: number, nodesPerLayer: number) => {
    const table = waves(8, 8);
    const isLooked = diagnosedEpochs(networkFor(table, { hiddenLayers, nodesPerLayer }, { maxEpochs: 100 }), rows);
    return Array.from({ length: 100 }, (_, index) => index + 1).filter(isLooked);
  };
  expect(looked(1_000_000, 3, 250)).toEqual([1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 93]);
  expect(looked(500, 1, 64)).toEqual([1, 3, 9, 27, 81]);
  const rare = looked(500, 3, 250);
  expect(rare[0]).toBe(1);
  expect(rare[1]).toBeGreaterThan(2);
  expect(looked(1000, 0, 0)).toEqual([]);
});
