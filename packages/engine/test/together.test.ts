/** Runs side by side: each has the bits it would have alone, whatever becomes of the others. */
import { defaultRecipe, type Engine, type Recipe } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type FusingEngine, serialiseWeights, type TrainJob, type TrainOutcome, trainRun, trainRuns } from "../src/index.ts";
import { collect, jobFor, sectors, waves } from "./support.ts";

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
});
afterAll(() => engine.close());

function essence(outcome: TrainOutcome): unknown {
  if (outcome.kind === "stopped") return "stopped";
  const weights = outcome.kind === "completed" ? Buffer.from(serialiseWeights(outcome.weights)).toString("base64") : "";
  return { ...outcome.result, trainMs: 0, weights };
}
/** Replicates and learning rates of one capacity. */
function sweep(table: ReturnType<typeof waves>, recipe: Partial<Recipe>, count: number, outputs = 1): readonly TrainJob[] {
  const job = jobFor(table, { hiddenLayers: 2, nodesPerLayer: 16 }, { maxEpochs: 8, patience: 2, ...recipe }, outputs);
  return Array.from({ length: count }, (_, index) => ({ ...job, seed: index % 5, learningRate: [0.001, 0.01, 0.05][index % 3] as number }));
}
const together = async (jobs: readonly TrainJob[]) =>
  (
    await trainRuns(
      engine,
      jobs.map((job) => ({ job, hooks: collect().hooks })),
    )
  ).map(essence);
const alone = async (jobs: readonly TrainJob[]) => {
  const outcomes: unknown[] = [];
  for (const job of jobs) outcomes.push(essence(await trainRun(engine, job, collect().hooks)));
  return outcomes;
};

test("small networks fuse, large ones, clipped ones and AdamW don't: a matter of shape and recipe alone", () => {
  const fusing = engine as FusingEngine;
  const network = jobFor(waves(8), { hiddenLayers: 1, nodesPerLayer: 64 }).network;
  expect(fusing.fuses(network)).toBe(true);
  expect(fusing.fuses({ ...network, capacity: { hiddenLayers: 2, nodesPerLayer: 250 } })).toBe(false);
  expect(fusing.fuses({ ...network, recipe: { ...defaultRecipe, gradientClipNorm: 1 } })).toBe(false);
  expect(fusing.fuses({ ...network, recipe: { ...defaultRecipe, optimizer: { ...adam, kind: "adamw", weightDecay: 0.1 } } })).toBe(false);
});
test.each([
  ["adam", { optimizer: defaultRecipe.optimizer }, 1],
  ["momentum, L2 and dropout", { optimizer: { kind: "sgd", momentum: 0.9, nesterov: true }, l2: 0.01, dropoutFraction: 0.2 }, 1],
  ["softmax, tanh", { activation: "tanh" }, 3],
  ["sigmoid, gelu", { activation: "gelu", loss: "binary_cross_entropy" }, 1],
] as const)("eleven runs side by side equal eleven runs alone: %s", async (_name, recipe, outputs) => {
  const classifies = outputs > 1 || "loss" in recipe;
  const jobs = sweep(classifies ? sectors(230, Math.max(2, outputs)) : waves(230), recipe, 11, outputs);
  expect(await together(jobs)).toEqual(await alone(jobs));
});
test("twenty runs, more than one graph holds, and another fold's rows beside them", async () => {
  const jobs = sweep(waves(120), { maxEpochs: 3 }, 20).map((job, index) => ({
    ...job,
    rows:
      index % 2 === 0
        ? job.rows
        : { training: job.rows.training.map((row) => 119 - row), validation: job.rows.validation.map((row) => 119 - row) },
  }));
  expect(await together(jobs)).toEqual(await alone(jobs));
});
test("one that diverges stops alone", async () => {
  const jobs = sweep(waves(230), { optimizer: { kind: "sgd", momentum: 0.9, nesterov: false } }, 4).map((job, index) =>
    index === 1 ? { ...job, learningRate: 1000 } : job,
  );
  const outcomes = await trainRuns(
    engine,
    jobs.map((job) => ({ job, hooks: collect().hooks })),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(["completed", "diverged", "completed", "completed"]);
  expect(outcomes.map(essence)).toEqual(await alone(jobs));
});
test("one that is stopped, or resumed from its checkpoint, changes nothing for the others", async () => {
  const jobs = sweep(waves(230), {}, 4);
  const expected = await alone(jobs);
  const checkpoints: Uint8Array[] = [];
  const writing = collect({ chunkMs: 0, checkpointEveryMs: 0, onCheckpoint: async (bytes) => void checkpoints.push(bytes) });
  await trainRun(engine, jobs[2] as TrainJob, writing.hooks);
  const controller = new AbortController();
  const ended: number[] = [];
  const outcomes = await trainRuns(
    engine,
    jobs.map((job, index) => ({
      job: index === 2 ? { ...job, checkpoint: checkpoints[9] as Uint8Array } : job,
      hooks: collect(index === 0 ? { signal: controller.signal, onEpoch: () => controller.abort() } : {}).hooks,
      onEnd: () => void ended.push(index),
    })),
  );
  expect(outcomes.map(essence)).toEqual(["stopped", ...expected.slice(1)]);
  expect(ended.sort()).toEqual([0, 1, 2, 3]);
});
test("a run that fails rejects after the others have ended", async () => {
  const jobs = sweep(waves(230), {}, 3);
  let ended = 0;
  const runs = jobs.map((job, index) => ({
    job,
    hooks: collect(
      index === 0
        ? {
            onEpoch: () => {
              throw new Error("the disk is full");
            },
          }
        : {},
    ).hooks,
    onEnd: () => void ended++,
  }));
  await expect(trainRuns(engine, runs)).rejects.toThrow("the disk is full");
  expect(ended).toBe(2);
});
test("large networks and the scripted engine take turns", async () => {
  const job = jobFor(waves(80), { hiddenLayers: 2, nodesPerLayer: 150 }, { maxEpochs: 2 });
  expect(await together([job, { ...job, seed: 2 }])).toEqual(await alone([job, { ...job, seed: 2 }]));
});
test("runs side by side share the time they take: their training times add up to no more than it", async () => {
  const startedMs = performance.now();
  const outcomes = await trainRuns(
    engine,
    sweep(waves(400), { maxEpochs: 6 }, 6).map((job) => ({ job, hooks: collect().hooks })),
  );
  const tookMs = performance.now() - startedMs;
  const times = outcomes.map((outcome) => (outcome.kind === "completed" ? outcome.result.trainMs : 0));
  for (const time of times) expect(time).toBeGreaterThan(0);
  expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThanOrEqual(tookMs);
});
