/** Networks built to have each illness, and seen by name. */
import { courseRecipe, type Engine } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type TrainJob, trainRun, verdicts } from "../src/index.ts";
import { collect, jobFor, sectors, waves } from "./support.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
});
afterAll(() => engine.close());

const sgd = { kind: "sgd", momentum: 0, nesterov: false } as const;
async function examine(job: TrainJob, learningRate: number) {
  const outcome = await trainRun(engine, { ...job, learningRate }, collect().hooks);
  if (outcome.kind === "stopped") throw new Error("stopped");
  const { diagnostics } = outcome.result;
  if (diagnostics === null) throw new Error("no diagnostics");
  return { ...outcome.result, kind: outcome.kind, layers: diagnostics.layers, named: diagnostics.symptoms.map(({ symptom }) => symptom) };
}
/** Like the course's experiment with learning rates: two classes, softmax, two layers of relu, plain gradient descent, features of a few units. */
function courseJob() {
  const table = sectors(900, 2);
  const wide = { ...table, x: table.x.map((value) => 4 * value) };
  return jobFor(wide, { hiddenLayers: 2, nodesPerLayer: 100 }, { ...courseRecipe, initialisation: "he", optimizer: sgd }, 2);
}

test("a healthy network has no symptom", async () => {
  const seen = await examine(jobFor(waves(1200), { hiddenLayers: 2, nodesPerLayer: 32 }, { maxEpochs: 80, patience: 6 }), 0.005);
  expect(seen.named).toEqual([]);
  expect(seen.layers).toHaveLength(2);
  for (const layer of seen.layers) {
    expect(layer.deadFraction).toBeLessThan(0.3);
    expect(layer.gradientNorm).toBeGreaterThan(0);
    expect(layer.updateRatio).toBeGreaterThan(0);
    expect(layer.updateRatio).toBeLessThan(0.1);
    expect(layer.saturatedFraction).toBe(0);
  }
});
test("gradient descent at rate 1 kills relu units", async () => {
  const seen = await examine(courseJob(), 1);
  expect(seen.kind).toBe("completed");
  expect(seen.named).toContain("dying_units");
  expect(Math.max(...seen.layers.map(({ deadFraction }) => deadFraction))).toBeGreaterThanOrEqual(0.5);
});
test("the course's rates: 0.000001 hardly learns, 0.01 learns, 1 doesn't", async () => {
  const at = (rate: number) => examine(courseJob(), rate);
  const [slow, good, fast] = [await at(1e-6), await at(0.01), await at(1)];
  expect(slow.named).toEqual(expect.arrayContaining(["capped", "underfitting"]));
  expect(good.validationLoss).toBeLessThan(0.5 * (slow.validationLoss as number));
  expect(fast.validationLoss).toBeGreaterThan(2 * (good.validationLoss as number));
});
test("ten tanh layers with large weights saturate, and their gradients vanish", async () => {
  const recipe = { ...courseRecipe, activation: "tanh", initialisation: "glorot", optimizer: sgd } as const;
  const job = (initialScale: number) => jobFor(waves(400), { hiddenLayers: 10, nodesPerLayer: 24 }, { ...recipe, initialScale });
  const large = await examine(job(30), 1e-3);
  expect(large.named).toContain("vanishing_gradients");
  expect(Math.min(...large.layers.map(({ saturatedFraction }) => saturatedFraction))).toBeGreaterThan(0.8);
  expect((await examine(job(1), 1e-3)).named).not.toContain("vanishing_gradients");
});
test("a large network on a few noisy rows overfits", async () => {
  const table = waves(60);
  const noisy = { ...table, y: table.y.map((value, row) => value + ((row * 7919) % 13) / 6 - 1) };
  const job = {
    ...jobFor(noisy, { hiddenLayers: 2, nodesPerLayer: 128 }, { initialisation: "he", maxEpochs: 200, patience: 20 }),
    learningRate: 0.01,
  };
  const outcome = await trainRun(engine, job, collect().hooks);
  const symptoms = outcome.kind === "completed" ? outcome.result.diagnostics?.symptoms : [];
  expect(symptoms).toContainEqual({
    symptom: "overfitting",
    sentence: expect.stringMatching(/validation loss is [\d.]+ times the training loss/),
  });
});
test("a run that diverges says so, with no score", async () => {
  const seen = await examine(jobFor(waves(400), { hiddenLayers: 3, nodesPerLayer: 64 }, { optimizer: { ...sgd, momentum: 0.9 } }), 50);
  expect(seen.kind).toBe("diverged");
  expect(seen.named).toEqual(["diverged"]);
});

test("a run that ended at the cap was still improving only where its last epoch was the best", () => {
  const sentence = (bestEpoch: number) =>
    verdicts([], {
      stopping: { bestLoss: 0.1, bestEpoch },
      epochs: 10,
      capped: true,
      trainingLoss: 0.1,
      validationLoss: 0.1,
      meanLoss: 1,
    })[0]?.sentence;
  expect(sentence(10)).toBe("Training ended at the cap of 10 epochs, and the last was the best: it was still improving.");
  expect(sentence(4)).toBe("Training ended at the cap of 10 epochs, before early stopping could end it; epoch 4 was the best.");
});
