/** GET /v1/experiments/:id/evaluation: the stored evaluation as it is, or why there is none. */
import { writeFile } from "node:fs/promises";
import { type Evaluation, evaluationFormat, evaluationSchema } from "@rightsize/contract";
import type { Answer, Sha256 } from "@rightsize/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

const evaluation: Evaluation = {
  ...{ task: "regression", format: evaluationFormat, target: "y", metrics: { meanSquaredError: 0.25 }, notFinite: 0 },
  rows: { part: "validation", evaluated: 1, validation: 1, sentence: "One row." },
  members: [{ trial: 5, capacity: { hiddenLayers: 3, nodesPerLayer: 200 }, seed: 0, fold: 0, rows: 1 }],
  pairs: [{ row: 2, actual: 8, predicted: 7.5 }],
  residuals: { mean: -0.5, deviation: 0, quantiles: [{ share: 0, value: -0.5 }], histogram: { from: -0.5, to: -0.5, counts: [1] } },
  worst: [{ row: 2, actual: 8, predicted: 7.5 }],
};

let api: TestApi;
let id: string;
/** What the scripted trainer's answer has besides: it has no model and nothing to evaluate. */
let more: Partial<Answer> = {};
beforeAll(async () => {
  api = await startTestApi({
    change: (deps) => {
      const { find } = deps.store.experiments;
      const changed: typeof find = async (owner, experimentId) => {
        const found = await find(owner, experimentId);
        return found?.answer ? { ...found, answer: { ...found.answer, ...more } } : found;
      };
      return { ...deps, store: { ...deps.store, experiments: { ...deps.store.experiments, find: changed } } };
    },
  });
  id = await postExperiment(api.app, course);
  await playToTheEnd(api, id);
});
afterAll(() => api.close());

const get = (experiment = id) => api.app.inject(`/v1/experiments/${experiment}/evaluation`);
const stored = async (text: string) => (await api.artifacts.put(new TextEncoder().encode(text))).id;

it("is what was stored, byte for byte, under its hash", async () => {
  const text = JSON.stringify(evaluation);
  more = { modelArtifact: "1".repeat(64) as Sha256, evaluationArtifact: await stored(text) };
  const response = await get();
  expect(response.statusCode).toBe(200);
  expect(response.headers).toMatchObject({ "content-type": "application/json; charset=utf-8", etag: `"${more.evaluationArtifact}"` });
  expect(response.body).toBe(text);
  expect(evaluationSchema.parse(response.json())).toEqual(evaluation);
  expect((await api.app.inject(`/v1/experiments/${id}`)).json()).toMatchObject({ answer: { evaluationArtifact: more.evaluationArtifact } });
});

it("is a conflict while there is no model, and tells the state", async () => {
  const waiting = await postExperiment(api.app, { ...course, name: "waiting" });
  expect((await get(waiting)).json()).toMatchObject({ status: 409, code: "conflict", issues: [{ received: "QUEUED" }] });
  more = {};
  expect((await get()).json()).toMatchObject({
    ...{ status: 409, detail: "The experiment is SUCCEEDED and has no model to evaluate." },
  });
});

it("is not found, with the reason, where the answer is older than evaluations", async () => {
  more = { modelArtifact: "1".repeat(64) as Sha256 };
  expect((await get()).json()).toMatchObject({ status: 404, code: "not_found", detail: expect.stringContaining("run it again") });
});

it("is not found where its bytes are gone, and an error of ours where they are damaged", async () => {
  more = { modelArtifact: "1".repeat(64) as Sha256, evaluationArtifact: "0".repeat(64) as Sha256 };
  expect((await get()).json()).toMatchObject({
    status: 404,
    code: "artifact_missing",
    detail: expect.stringContaining("run the experiment"),
  });
  more = { ...more, evaluationArtifact: await stored("once whole") };
  await writeFile(await api.artifacts.localPath(more.evaluationArtifact as Sha256), "now damaged");
  expect((await get()).json()).toMatchObject({ status: 500, code: "artifact_corrupt" });
});

it("of an experiment that isn't there is not found", async () => {
  expect((await get("exp_none")).json()).toMatchObject({ status: 404, code: "not_found" });
});
