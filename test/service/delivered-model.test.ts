/** A whole experiment by the real service, and its model: taken home it predicts what the service answers, scores what the answer says. */
import { evaluationSchema } from "@rightsize/contract";
import { rawColumnsOfCsv } from "@rightsize/data";
import { openBundledModel, readBundle } from "@rightsize/engine";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiAt } from "../support/api.ts";
import { largestDifference, mixedCsv } from "../support/delivered-cases.ts";
import { startService, type TestService } from "../support/service.ts";

let service: TestService;
let api: Api;
beforeAll(async () => {
  service = await startService({ engines: ["onnx"], slots: 2, queue: "postgres" });
  api = apiAt(service.url);
});
afterAll(() => service?.close());

const questions = [
  { name: "a mean of runs on a log target", target: "price", exclude: ["kind", "sold"], logTarget: true, metric: "meanSquaredError" },
  { name: "a single network for classes", target: "sold", exclude: ["price", "kind"], logTarget: false, metric: "logLoss" },
] as const;

test.each(questions)("$name", async ({ target, exclude, logTarget, metric }) => {
  const csv = mixedCsv(300);
  const dataset = await api.upload("mixed.csv", csv);
  const training = Array.from({ length: 200 }, (_, row) => row);
  const validation = Array.from({ length: 60 }, (_, row) => 200 + row);
  const { id } = await api.post({
    dataset: dataset.id,
    target,
    features: { exclude: [...exclude], logTarget },
    split: { kind: "rows", training, validation, test: Array.from({ length: 40 }, (_, row) => 260 + row) },
    search: { preset: "course" },
    recipe: { maxEpochs: 5 },
    ...(metric === "meanSquaredError" ? { delivery: { kind: "mean_of_best", runs: 3 } } : {}),
  });
  const ended = await api.ended(id, 120_000);
  expect([ended.state, ended.stateReason]).toEqual(["SUCCEEDED", null]);

  const response = await api.raw(`/v1/experiments/${id}/model`);
  expect(response.headers.get("content-type")).toBe("application/zip");
  const bytes = new Uint8Array(await response.arrayBuffer());
  const card = JSON.parse(new TextDecoder().decode(readBundle(bytes).get("model-card.json")));
  const { trials } = await api.trials(id);
  expect(card.experiment).toEqual({ name: ended.name });
  // The evaluation beside it is of the same model, on the rows that were asked for.
  const evaluation = evaluationSchema.parse(await (await api.raw(`/v1/experiments/${id}/evaluation`)).json());
  expect(evaluation.rows).toMatchObject({ part: "validation", evaluated: 60 });
  expect((evaluation.metrics[metric] ?? 0) / (ended.answer?.validation?.metrics[metric] ?? 0)).toBeCloseTo(1, 5);
  expect(card.versions.engineFingerprint).toBe(ended.engineFingerprint);
  expect(card.trials.map(({ number, score, nextStep }: (typeof trials)[number]) => [number, score, nextStep])).toEqual(
    trials.map(({ number, score, nextStep }) => [number, score, nextStep]),
  );

  const model = await openBundledModel(bytes);
  const { columns, rowCount } = rawColumnsOfCsv(model.schema.inputs, csv, 1000);
  const home = await model.predict(columns, rowCount);
  await model.release();
  const headers = { "content-type": "text/csv" };
  const answered = await (await api.raw(`/v1/experiments/${id}/predict`, { method: "POST", body: csv, headers })).json();
  const own = home.kind === "regression" ? home.values : home.probabilities;
  expect(largestDifference((answered.probabilities ?? [answered.predictions]).flat(), own)).toBe(0);

  // The test rows' score in the answer was measured by the training engine on the stored columns; here it is measured on predictions.
  const lines = csv.trimEnd().split("\n").slice(261);
  const width = home.kind === "regression" ? 1 : model.schema.classes.length;
  const losses = lines.map((line, index) => {
    const fields = line.replace(/"[^"]*"/, "x").split(",");
    const row = 260 + index;
    if (home.kind === "regression") return ((home.values[row] ?? 0) - Number(fields[7])) ** 2;
    return -Math.log(home.probabilities[row * width + model.schema.classes.indexOf(fields[9] ?? "")] ?? 0);
  });
  const measured = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  expect(measured / (ended.answer?.test?.metrics[metric] ?? 0)).toBeCloseTo(1, 5);
});
