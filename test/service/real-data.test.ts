/** Real tables of ../shared/data through the whole service with the ONNX engine, to DONE. */
import { existsSync, readFileSync } from "node:fs";
import type { DatasetView } from "@rightsize/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, apiAt } from "../support/api.ts";
import { startService, type TestService } from "../support/service.ts";
import { sharedFile } from "../support/shared.ts";

const tables = [
  { name: "hourly_wages", target: "wage_per_hour" },
  { name: "concrete", target: "strength" },
  { name: "california", target: "median_house_value" },
] as const;
const folder = sharedFile("data");
const missing = !existsSync(folder);

describe.skipIf(missing)(`real tables${missing ? " (skipped: ../shared/data is not here)" : ""}`, () => {
  let service: TestService;
  let api: Api;
  beforeAll(async () => {
    service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
    api = apiAt(service.url);
  });
  afterAll(() => service?.close());

  test.each(tables)("$name comes to DONE with an answer that beats the mean predictor", async ({ name, target }) => {
    const dataset = await api.upload(`${name}.csv`, readFileSync(`${folder}/${name}/data.csv`));
    const { id } = await api.post({ dataset: dataset.id, target, search: { preset: "course" } });
    const ended = await api.ended(id, 170_000);
    expect(ended.stateReason).toBeNull();
    expect(ended.state).toBe("SUCCEEDED");
    const { trials } = await api.trials(id);
    expect(trials.at(-1)?.nextStep).toBe("DONE");
    expect(trials.filter(({ winner }) => winner)).toHaveLength(1);
    const { answer } = ended;
    expect(answer?.beatsMean).toBe(true);
    expect(answer?.test?.metrics.meanSquaredError).toBeGreaterThan(0);
    const mean = answer?.baselines.find((baseline) => baseline.name === "mean");
    expect(answer?.test?.loss ?? Number.POSITIVE_INFINITY).toBeLessThan(mean?.test?.loss ?? 0);
    // The test split's mean squared error is in the target's own unit: the standardised loss times the target's variance.
    const variance = ended.plan.targetDeviation ** 2;
    expect((answer?.test?.metrics.meanSquaredError ?? 0) / variance / (answer?.test?.loss ?? 1)).toBeCloseTo(1, 4);
    const model = await api.raw(`/v1/experiments/${id}/model`);
    expect(model.status).toBe(200);
  });

  test("images and labels of an IDX pair are one dataset that trains: MNIST's 28 × 28 pixels are 784 inputs", async () => {
    const form = new FormData();
    form.set("name", "mnist10k");
    for (const [field, file] of Object.entries({ labels: "t10k-labels-idx1-ubyte.gz", images: "t10k-images-idx3-ubyte.gz" })) {
      form.set(field, new Blob([readFileSync(`${folder}/mnist10k/${file}`)]), file);
    }
    const uploaded = await api.raw("/v1/datasets", { method: "POST", body: form });
    expect(uploaded.status, await uploaded.clone().text()).toBe(201);
    const dataset = (await uploaded.json()) as DatasetView;
    expect(dataset).toMatchObject({
      name: "mnist10k",
      format: "idx",
      rowCount: 10_000,
      suggestedTarget: "label",
      suggestedTask: "classification",
    });
    const { id } = await api.post({
      dataset: dataset.id,
      target: "label",
      search: { preset: "course" },
      recipe: { maxEpochs: 3 },
      limits: { maxTrials: 1 },
    });
    const ended = await api.ended(id, 170_000);
    expect([ended.state, ended.stateReason]).toEqual(["SUCCEEDED", null]);
    expect(ended.plan).toMatchObject({ inputs: 784, outputs: 10 });
    expect(ended.answer?.test?.metrics.accuracy).toBeGreaterThan(0.85);
  });
});
