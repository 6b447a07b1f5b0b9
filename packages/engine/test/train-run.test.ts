/** The train loop: learning, stopping, resuming, cancelling, diverging. */

import type { Engine } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine, scoreRows, serialiseWeights, type TrainOutcome, trainRun } from "../src/index.ts";
import { collect, jobFor, sectors, waves } from "./support.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
});
afterAll(() => engine.close());

function completed(outcome: TrainOutcome) {
  if (outcome.kind !== "completed") throw new Error(`ended as ${outcome.kind}`);
  return outcome;
}
const bits = (outcome: TrainOutcome) => Buffer.from(serialiseWeights(completed(outcome).weights)).toString("base64");

describe("learning", () => {
  test("a small network learns waves that the linear model can't", async () => {
    const table = waves(800);
    const linear = completed(
      await trainRun(engine, jobFor(table, { hiddenLayers: 0, nodesPerLayer: 0 }, { maxEpochs: 40 }), collect().hooks),
    );
    const wide = completed(
      await trainRun(engine, jobFor(table, { hiddenLayers: 2, nodesPerLayer: 32 }, { maxEpochs: 40 }), collect().hooks),
    );
    expect(linear.result.validationLoss).toBeGreaterThan(0.1);
    expect(wide.result.validationLoss).toBeLessThan(0.02);
    expect(wide.result.metrics?.r2).toBeGreaterThan(0.9);
  });
  test("three sectors are told apart, with softmax", async () => {
    const job = jobFor(sectors(900, 3), { hiddenLayers: 2, nodesPerLayer: 32 }, { maxEpochs: 60 }, 3);
    const { result } = completed(await trainRun(engine, job, collect().hooks));
    expect(result.metrics?.accuracy).toBeGreaterThan(0.9);
    expect(result.metrics?.logLoss).toBeCloseTo(result.validationLoss as number, 5);
  });
  test("two sectors are told apart, with a sigmoid", async () => {
    const job = jobFor(sectors(900, 2), { hiddenLayers: 2, nodesPerLayer: 32 }, { maxEpochs: 60, loss: "binary_cross_entropy" });
    const { result } = completed(await trainRun(engine, job, collect().hooks));
    expect(result.metrics?.auc).toBeGreaterThan(0.97);
  });
  test("own-unit metrics scale with the target's deviation", async () => {
    const job = {
      ...jobFor(waves(400), { hiddenLayers: 1, nodesPerLayer: 16 }, { maxEpochs: 5 }),
      target: { mean: 100, deviation: 3, log: false },
    };
    const { result } = completed(await trainRun(engine, job, collect().hooks));
    expect(result.metrics?.meanSquaredError).toBeCloseTo(9 * (result.validationLoss as number), 5);
  });
  test("scoreRows of the best weights gives the run's own score", async () => {
    const job = jobFor(waves(400), { hiddenLayers: 1, nodesPerLayer: 16 }, { maxEpochs: 8 });
    const { result, weights } = completed(await trainRun(engine, job, collect().hooks));
    const scores = await scoreRows(engine, job.network, job.tensors, job.target, weights, job.rows.validation);
    expect(scores.loss).toBe(result.validationLoss);
    expect(scores.metrics).toEqual(result.metrics);
  });
});

describe("the end of a run", () => {
  test("patience: the run stops two epochs after its best, and keeps the best weights' loss", async () => {
    const { hooks, epochs } = collect();
    const job = { ...jobFor(waves(60), { hiddenLayers: 2, nodesPerLayer: 64 }, { maxEpochs: 500, patience: 2 }), learningRate: 0.02 };
    const { result } = completed(await trainRun(engine, job, hooks));
    expect(result.epochs).toBeLessThan(500);
    expect(result.epochs - result.bestEpoch).toBe(2);
    expect(result.validationLoss).toBe(Math.min(...epochs.map((epoch) => epoch.validationLoss)));
    expect(result.capped).toBe(false);
  });
  test("a run that is still improving at its last epoch is capped", async () => {
    const job = { ...jobFor(waves(200), { hiddenLayers: 1, nodesPerLayer: 16 }, { maxEpochs: 3 }), learningRate: 1e-4 };
    const { result } = completed(await trainRun(engine, job, collect().hooks));
    expect(result.capped).toBe(true);
    expect(result.diagnostics?.symptoms.map(({ symptom }) => symptom)).toContain("capped");
  });
  test("a loss that is not finite is the outcome `diverged`, and says where", async () => {
    const recipe = { optimizer: { kind: "sgd", momentum: 0.9, nesterov: false } as const, maxEpochs: 50 };
    const job = { ...jobFor(waves(400), { hiddenLayers: 3, nodesPerLayer: 64 }, recipe), learningRate: 50 };
    const outcome = await trainRun(engine, job, collect().hooks);
    expect(outcome).toMatchObject({
      kind: "diverged",
      result: { validationLoss: null, reason: expect.stringMatching(/epoch 1.*learning rate 50/) },
    });
  });
  test("cost is epochs × training rows × parameters", async () => {
    const job = jobFor(waves(400), { hiddenLayers: 1, nodesPerLayer: 16 }, { maxEpochs: 3 });
    const { result } = completed(await trainRun(engine, job, collect().hooks));
    expect(result.cost).toBe(3 * 300 * (4 * 16 + 17));
  });
  test("an abort ends the run as stopped", async () => {
    const controller = new AbortController();
    const { hooks, epochs } = collect({ signal: controller.signal, onEpoch: () => controller.abort() });
    expect(await trainRun(engine, jobFor(waves(400), { hiddenLayers: 1, nodesPerLayer: 16 }), hooks)).toEqual({ kind: "stopped" });
    expect(epochs.length).toBe(0);
  });
  test("without validation rows there is nothing to train for", async () => {
    const job = jobFor(waves(40), { hiddenLayers: 1, nodesPerLayer: 4 });
    const empty = { ...job, rows: { ...job.rows, validation: new Int32Array(0) } };
    await expect(trainRun(engine, empty, collect().hooks)).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("exactness", () => {
  const recipe = {
    maxEpochs: 6,
    dropoutFraction: 0.2,
    batchSize: 32,
    schedule: { kind: "reduce_on_plateau", patienceEpochs: 1, factor: 0.5, minimumFraction: 0.01 },
  } as const;
  const job = () => jobFor(waves(410), { hiddenLayers: 2, nodesPerLayer: 24 }, recipe);

  test("chunks of one step and of many give the same bits", async () => {
    const small = collect({ chunkMs: 0 });
    const large = collect({ chunkMs: 10_000 });
    const a = await trainRun(engine, job(), small.hooks);
    const b = await trainRun(engine, job(), large.hooks);
    expect(bits(a)).toBe(bits(b));
    expect(small.epochs).toEqual(large.epochs);
  });
  test("resumed from every checkpoint, also inside an epoch, a run gives the same bits", async () => {
    const whole = collect();
    const expected = await trainRun(engine, job(), whole.hooks);
    const checkpoints: Uint8Array[] = [];
    const writing = collect({ chunkMs: 0, checkpointEveryMs: 0, onCheckpoint: async (bytes) => void checkpoints.push(bytes) });
    await trainRun(engine, job(), writing.hooks);
    expect(checkpoints.length).toBeGreaterThan(50);
    for (let at = 0; at < checkpoints.length; at += 7) {
      const again = collect();
      const resumed = await trainRun(engine, { ...job(), checkpoint: checkpoints[at] as Uint8Array }, again.hooks);
      expect(bits(resumed)).toBe(bits(expected));
      expect(again.epochs).toEqual(whole.epochs.slice(whole.epochs.length - again.epochs.length));
    }
  });
  test("a torn checkpoint, or another run's, is refused and the run starts cold", async () => {
    const written: Uint8Array[] = [];
    await trainRun(
      engine,
      job(),
      collect({ chunkMs: 0, checkpointEveryMs: 0, onCheckpoint: async (bytes) => void written.push(bytes) }).hooks,
    );
    const checkpoint = written.at(-1) as Uint8Array;
    const refusals: string[] = [];
    const refused = { onCheckpointRefused: (reason: string) => void refusals.push(reason) };
    const expected = await trainRun(engine, job(), collect().hooks);
    const torn = await trainRun(engine, { ...job(), checkpoint: checkpoint.slice(0, -100) }, collect(refused).hooks);
    const other = await trainRun(engine, { ...job(), seed: 2, checkpoint }, collect(refused).hooks);
    expect(refusals).toEqual(["the checkpoint is torn or damaged", "the checkpoint belongs to another run"]);
    expect(bits(torn)).toBe(bits(expected));
    expect(bits(other)).not.toBe(bits(expected));
  });
});
