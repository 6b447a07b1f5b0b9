/** Controls that must come out right, through the whole service with the default search: questions whose answer is known beforehand. */
import { existsSync, readFileSync } from "node:fs";
import type { ExperimentRequest, ExperimentView } from "@rightsize/contract";
import { randomStream } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiAt } from "../support/api.ts";
import { startService, type TestService } from "../support/service.ts";
import { sharedFile } from "../support/shared.ts";

let service: TestService;
let api: Api;
beforeAll(async () => {
  service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
  api = apiAt(service.url);
});
afterAll(() => service?.close());

/** Rows of three uniform features and a target made from them. */
function table(rows: number, target: (a: number, b: number, c: number, noise: number) => number): string {
  const drawn = randomStream(11, "sample", 0, 0);
  const lines = Array.from({ length: rows }, () => {
    const [a, b, c, noise] = [drawn.uniform(), drawn.uniform(), drawn.uniform(), drawn.uniform() - 0.5] as const;
    return [a, b, c, target(a, b, c, noise)].map((value) => value.toFixed(6)).join(",");
  });
  return ["a,b,c,y", ...lines].join("\n");
}

async function answerTo(name: string, bytes: string | Uint8Array, request: Partial<ExperimentRequest>): Promise<ExperimentView> {
  const dataset = await api.upload(name, bytes);
  const { id } = await api.post({ dataset: dataset.id, target: "y", ...request });
  return api.ended(id, 170_000);
}

test("a target that has nothing to do with the features ends saying that nothing beats the mean", async () => {
  const noise = table(1400, (_a, _b, _c, drawn) => drawn);
  const { state, answer } = await answerTo("noise.csv", noise, {});
  expect(state).toBe("SUCCEEDED");
  expect(answer?.beatsMean).toBe(false);
  expect(answer?.sentence).toMatch(/does not beat predicting the mean/);
  const mean = answer?.baselines.find(({ name }) => name === "mean");
  // Whatever is delivered, its test score shows that it learnt nothing.
  expect(answer?.test?.loss ?? 1).toBeGreaterThan(0.97 * (mean?.test?.loss ?? 0));
});

test("linear data end with no hidden layer", async () => {
  const linear = table(1400, (a, b, c, noise) => 3 * a - 2 * b + c + 0.2 * noise);
  const { answer } = await answerTo("linear.csv", linear, {});
  expect(answer?.capacity?.hiddenLayers).toBe(0);
});

test("plain gradient descent at a rate far too high is said to be untrainable, not too large", async () => {
  const curved = table(1400, (a, b, c, noise) => 100 * Math.sin(6 * a * b) + 50 * c + noise);
  const dataset = await api.upload("curved.csv", curved);
  const { id } = await api.post({
    dataset: dataset.id,
    target: "y",
    search: { preset: "course" },
    recipe: { optimizer: { kind: "sgd", momentum: 0.9 }, learningRate: { kind: "fixed", value: 50 }, maxEpochs: 10 },
  });
  await api.ended(id);
  const { trials } = await api.trials(id);
  expect(trials[0]).toMatchObject({ score: null, verdict: "untrainable" });
  expect(trials[0]?.runs[0]?.state).toBe("DIVERGED");
});

test("a limit on time ends a run that would train for minutes, and says what that leaves", async () => {
  const curved = table(1400, (a, b, c, noise) => Math.sin(6 * a * b) + c + 0.1 * noise);
  const endless = { learningRate: { kind: "fixed", value: 1e-5 }, maxEpochs: 100_000, patience: 100_000 } as const;
  const { id, state, answer } = await answerTo("endless.csv", curved, {
    search: { preset: "course" },
    recipe: endless,
    limits: { wallSeconds: 2 },
  });
  expect(state).toBe("SUCCEEDED");
  expect(answer).toMatchObject({ trial: null, sentence: expect.stringContaining("before the experiment's limit was reached") });
  const { trials } = await api.trials(id);
  expect(trials).toMatchObject([
    { state: "CANCELLED", verdict: "stopped", nextStep: "DONE", runs: [{ state: "STOPPED" }, { purpose: "finalise" }] },
  ]);
  expect(trials[0]?.runs[0]?.epochs).toBeGreaterThan(0);
});

const bike = sharedFile("data/bike/data.csv");
test.skipIf(!existsSync(bike))(`bike escapes its hump${existsSync(bike) ? "" : " (skipped: ../shared/data is not here)"}`, async () => {
  // A tenth of the rows is enough to see it, and trains in seconds.
  const [head, ...rows] = readFileSync(bike, "utf8").trim().split("\n");
  const some = [head, ...rows.filter((_, row) => row % 10 === 0)].join("\n");
  const { answer, spec } = await answerTo("bike.csv", some, { target: "cnt", features: { exclude: ["casual", "registered", "instant"] } });
  expect(spec.search).toMatchObject({ preset: "default" });
  const linear = answer?.baselines.find(({ name }) => name === "linear");
  expect(answer?.test?.loss ?? 1).toBeLessThan(0.5 * (linear?.test?.loss ?? 0));
});
