/** /v1/experiments/:id/learning-curve: asked for once, read as it grows, refused where there is nothing to train. */
import { learningCurveSchema } from "@rightsize/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

const url = (id: string) => `/v1/experiments/${id}/learning-curve`;
const get = (id: string) => api.app.inject(url(id));
const post = (id: string) => api.app.inject({ method: "POST", url: url(id) });

test("is made once, trained like any experiment, and read as it grows", async () => {
  const id = await postExperiment(api.app, course);
  await playToTheEnd(api, id);
  const before = (await api.app.inject(`/v1/experiments/${id}/trials`)).body;
  expect((await get(id)).json()).toMatchObject({ status: 404, detail: "This experiment has no learning curve." });

  const told = async () => (await api.app.inject(`/v1/experiments/${id}`)).json<{ learningCurve: boolean }>().learningCurve;
  expect(await told()).toBe(false);

  const [asked, again] = await Promise.all([post(id), post(id)]);
  expect([asked.statusCode, again.statusCode].sort()).toEqual([200, 201]);
  const started = learningCurveSchema.parse(asked.json());
  expect(started).toMatchObject({
    experimentId: id,
    state: "QUEUED",
    verdict: null,
    sentence: null,
    points: [{ rows: 70, runs: 0, wanted: 3 }, {}, {}, {}],
  });
  expect(again.json()).toEqual(asked.json());
  expect(await told()).toBe(true);

  await playToTheEnd(api, started.curveExperimentId);
  const ended = (await get(id)).json();
  expect(ended).toMatchObject({ state: "SUCCEEDED", verdict: "undecided", points: [{}, {}, {}, { rows: 560, runs: 3, reused: 1 }] });
  expect(ended.sentence).toMatch(/Training on 560 rows instead of 280/);
  expect((await post(id)).statusCode).toBe(200);
  expect((await api.app.inject(`/v1/experiments/${id}/trials`)).body).toBe(before);
  // The curve is an experiment to look at, and has no curve of its own.
  expect((await api.app.inject(`/v1/experiments/${started.curveExperimentId}`)).json()).toMatchObject({
    preset: "rows",
    spec: { learningCurveOf: id },
  });
  expect((await post(started.curveExperimentId)).statusCode).toBe(409);
  expect(
    (await api.app.inject({ method: "POST", url: `/v1/experiments/${started.curveExperimentId}/replay`, payload: {} })).json(),
  ).toMatchObject({ same: true });
});

test("is refused of an experiment without an answer, with the state it is in", async () => {
  const id = await postExperiment(api.app, course);
  expect((await post(id)).json()).toMatchObject({ status: 409, issues: [{ received: "QUEUED" }] });
  await api.app.inject({ method: "POST", url: `/v1/experiments/${id}/cancel` });
  expect((await post(id)).json()).toMatchObject({
    status: 409,
    issues: [{ received: "CANCELLED", required: expect.stringContaining("SUCCEEDED") }],
  });
});

test("names nothing for an id that there is none of", async () => {
  expect((await post("exp_none")).statusCode).toBe(404);
  expect((await get("nonsense")).statusCode).toBe(404);
});

test("its preset can't be asked for by name", async () => {
  await expect(postExperiment(api.app, { search: { preset: "rows" } })).rejects.toThrow(
    /422.*there is no preset rows|422.*\/search\/preset/,
  );
});
