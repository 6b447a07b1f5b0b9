/** The scripted engine plays exactly what its script says. */
import { defaultFeatures, defaultRecipe, type ExperimentSpec, type ScriptedRun, type Sha256 } from "@rightsize/core";
import { expect, test } from "vitest";
import { createEngine, scoreRows, trainRun } from "../src/index.ts";
import { collect, jobFor, waves } from "./support.ts";

const capacity = { hiddenLayers: 1, nodesPerLayer: 100 };
function specOf(run: Omit<ScriptedRun, "capacity" | "seed">): ExperimentSpec {
  return {
    name: "course",
    dataset: "0".repeat(64) as Sha256,
    target: "y",
    task: "regression",
    features: defaultFeatures,
    split: { kind: "random", validationFraction: 0.3, testFraction: 0, seed: 1, stratify: false },
    search: { preset: "course", parameters: {} },
    recipe: defaultRecipe,
    engine: { name: "scripted", script: { runs: [{ capacity, seed: null, ...run }], otherwise: { score: 9, epochs: 2, epochMs: 0 } } },
    limits: { maxTrials: null, maxParameterCount: null },
    delivery: { kind: "single" },
    seed: 1,
  };
}

test("the course's 5.4 is the score and the mean squared error, to the last bit", async () => {
  const engine = await createEngine("scripted");
  const { hooks, epochs } = collect();
  const spec = specOf({ score: 5.4, epochs: 3 });
  const job = { ...jobFor(waves(40), capacity), spec };
  const outcome = await trainRun(engine, job, hooks);
  expect(outcome).toMatchObject({
    kind: "completed",
    result: { validationLoss: 5.4, metrics: { meanSquaredError: 5.4 }, epochs: 3, bestEpoch: 3 },
  });
  expect(epochs.map(({ validationLoss }) => validationLoss)).toEqual([9, 7.2, 5.4]);
  const scores = await scoreRows(engine, job.network, job.tensors, job.target, [], job.rows.validation, spec);
  expect(scores).toMatchObject({ loss: 5.4, metrics: { meanSquaredError: 5.4 } });
});
test("a run that no line names plays `otherwise`", async () => {
  const engine = await createEngine("scripted");
  const job = { ...jobFor(waves(40), { hiddenLayers: 2, nodesPerLayer: 7 }), spec: specOf({ score: 1 }) };
  expect(await trainRun(engine, job, collect().hooks)).toMatchObject({ kind: "completed", result: { validationLoss: 9, epochs: 2 } });
});
test("it diverges and crashes on demand, in its last epoch", async () => {
  let crashes = 0;
  const engine = await createEngine("scripted", { scripted: { crash: () => void crashes++ } });
  const job = jobFor(waves(40), capacity);
  const diverging = await trainRun(engine, { ...job, spec: specOf({ score: 1, epochs: 4, fails: "diverges" }) }, collect().hooks);
  expect(diverging).toMatchObject({ kind: "diverged", result: { validationLoss: null, epochs: 4 } });
  await trainRun(engine, { ...job, spec: specOf({ score: 1, epochs: 4, fails: "crashes" }) }, collect().hooks);
  expect(crashes).toBe(1);
});
test("it stops at an abort in the middle of an epoch, and goes on from its checkpoint", async () => {
  const engine = await createEngine("scripted");
  const controller = new AbortController();
  let checkpoint: Uint8Array | null = null;
  const first = collect({
    signal: controller.signal,
    checkpointEveryMs: 0,
    onCheckpoint: async (bytes, epoch) => {
      checkpoint = bytes;
      if (epoch === 2) setTimeout(() => controller.abort(), 5);
    },
  });
  const job = { ...jobFor(waves(40), capacity), spec: specOf({ score: 1, epochs: 4, epochMs: 30 }) };
  expect(await trainRun(engine, job, first.hooks)).toEqual({ kind: "stopped" });
  const second = collect();
  await trainRun(engine, { ...job, checkpoint }, second.hooks);
  expect(second.epochs.map(({ epoch }) => epoch)).toEqual([3, 4]);
});
