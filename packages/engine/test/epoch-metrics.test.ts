/** Metrics beside each epoch's loss: what is told, how often, and that they change nothing. */
import type { Engine } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { classificationMetrics, createEngine, serialiseWeights, trainRun } from "../src/index.ts";
import { metricsInterval } from "../src/metrics-interval.ts";
import { collect, jobFor, networkFor, sectors, waves } from "./support.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
});
afterAll(() => engine.close());

const small = { hiddenLayers: 1, nodesPerLayer: 16 };
const cases = [
  ["regression", jobFor(waves(400), small, { maxEpochs: 9, patience: 3 })],
  ["softmax", jobFor(sectors(400, 3), small, { maxEpochs: 9, patience: 3 }, 3)],
  ["sigmoid", jobFor(sectors(400, 2), small, { maxEpochs: 9, patience: 3, loss: "binary_cross_entropy" })],
] as const;

test.each(cases)("%s: the best epoch's metrics are those of the result, and every epoch has its own", async (_name, job) => {
  const { hooks, epochs } = collect({ metricsEveryEpochs: 1 });
  const outcome = await trainRun(engine, { ...job, target: { mean: 3, deviation: 2, log: false } }, hooks);
  if (outcome.kind !== "completed") throw new Error(outcome.kind);
  expect(epochs[outcome.result.bestEpoch - 1]?.metrics).toEqual(outcome.result.metrics);
  for (const { metrics, validationLoss } of epochs) {
    if (job.network.task === "regression") expect(metrics?.meanSquaredError).toBeCloseTo(4 * validationLoss, 5);
    else expect(metrics?.logLoss).toBeCloseTo(validationLoss, 5);
  }
});
test.each(cases)("%s: training has the same bits with metrics at each epoch, at every third and at none", async (_name, job) => {
  const seen = [];
  for (const metricsEveryEpochs of [1, 3, 0]) {
    const { hooks, epochs } = collect({ metricsEveryEpochs });
    const outcome = await trainRun(engine, job, hooks);
    if (outcome.kind !== "completed") throw new Error(outcome.kind);
    const told = epochs.flatMap(({ epoch, metrics }) => (metrics === undefined ? [] : [epoch]));
    expect(told).toEqual(epochs.flatMap(({ epoch }) => (metricsEveryEpochs > 0 && epoch % metricsEveryEpochs === 0 ? [epoch] : [])));
    const losses = epochs.map(({ trainingLoss, validationLoss }) => [trainingLoss, validationLoss]);
    seen.push({ losses, weights: Buffer.from(serialiseWeights(outcome.weights)).toString("base64") });
  }
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
});
test("unless told, metrics come with each epoch where they cost little beside it, else with every few", () => {
  const target = { mean: 0, deviation: 1, log: false };
  const regression = networkFor(waves(8, 8), { hiddenLayers: 1, nodesPerLayer: 64 });
  const tenClasses = (nodesPerLayer: number) => networkFor(waves(8, 784), { hiddenLayers: 3, nodesPerLayer }, {}, 10);
  expect(metricsInterval(regression, target, 20_000, 5000)).toBe(1);
  expect(metricsInterval(tenClasses(250), target, 8000, 2000)).toBe(1);
  expect(metricsInterval(tenClasses(2), target, 8000, 2000)).toBeGreaterThan(1);
  expect(metricsInterval(tenClasses(2), target, 8000, 2)).toBe(1);
});
test("the area under the curve is the share of pairs in the right order, ties counting half", () => {
  const ones = [0.1, 0.4, 0.4, 0.8, 0.9, 0.2, 0.4];
  const truths = [0, 1, 0, 1, 1, 1, 1];
  const right = ones.flatMap((one, a) =>
    ones.flatMap((other, b) => (truths[a] === 1 && truths[b] === 0 ? [one > other ? 1 : one === other ? 0.5 : 0] : [])),
  );
  const shares = Float32Array.from(ones.flatMap((one) => [1 - one, one]));
  const { auc } = classificationMetrics(shares, Float32Array.from(truths), 2);
  expect(auc).toBe(right.reduce((sum, value) => sum + value, 0) / right.length);
  expect(classificationMetrics(shares, new Float32Array(7), 2).auc).toBeUndefined();
});
