/** What there may be too much of, and what may be taken away again. */
import { experimentViewSchema, problemSchema } from "@rightsize/contract";
import type { ExperimentId, Sha256 } from "@rightsize/core";
import { afterEach, describe, expect, it } from "vitest";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi, type TestApiOptions, uploadTable } from "./support.ts";

let api: TestApi;
const start = async (options?: TestApiOptions) => {
  api = await startTestApi(options);
};
afterEach(() => api.close());
const remove = (url: string) => api.app.inject({ method: "DELETE", url });
const post = async (more: object = {}) =>
  api.app.inject({
    method: "POST",
    url: "/v1/experiments",
    payload: { dataset: await uploadTable(api.app), target: "y", engine: { name: "scripted" }, ...more },
  });

describe("deleting", () => {
  it("an experiment takes its rows, its plan and its model along, and the dataset stays", async () => {
    await start();
    const left = await uploadTable(api.app).then(() => api.files());
    const id = await postExperiment(api.app, course);
    await playToTheEnd(api, id);
    const snapshot = await api.store.experiments.snapshot(id as ExperimentId);
    expect(await api.artifacts.has(snapshot?.experiment.plan.artifact as Sha256)).toBe(true);
    expect((await remove(`/v1/experiments/${id}`)).statusCode).toBe(204);
    expect((await api.app.inject(`/v1/experiments/${id}`)).statusCode).toBe(404);
    expect((await api.app.inject(`/v1/trials/${snapshot?.trials[0]?.id}`)).statusCode).toBe(404);
    expect([...(await api.files())].sort()).toEqual([...left].sort());
    expect((await remove(`/v1/experiments/${id}`)).statusCode).toBe(404);
  });

  it("an experiment that has not ended is refused: cancel it first", async () => {
    await start();
    const id = await postExperiment(api.app);
    const refused = await remove(`/v1/experiments/${id}`);
    expect(refused.statusCode).toBe(409);
    expect(problemSchema.parse(refused.json())).toMatchObject({ detail: expect.stringMatching(/cancel it first/) });
    await api.app.inject({ method: "POST", url: `/v1/experiments/${id}/cancel` });
    expect((await remove(`/v1/experiments/${id}`)).statusCode).toBe(204);
  });

  it("a dataset that an experiment is about is refused, with its name; afterwards nothing is left of it", async () => {
    await start();
    const id = await postExperiment(api.app);
    const dataset = await uploadTable(api.app);
    const refused = await remove(`/v1/datasets/${dataset}`);
    expect(refused.statusCode).toBe(409);
    expect(problemSchema.parse(refused.json()).issues).toMatchObject([{ received: id }]);
    await api.app.inject({ method: "POST", url: `/v1/experiments/${id}/cancel` });
    await remove(`/v1/experiments/${id}`);
    expect((await remove(`/v1/datasets/${dataset}`)).statusCode).toBe(204);
    expect(await api.files()).toEqual([]);
    expect((await remove(`/v1/datasets/${dataset}`)).statusCode).toBe(404);
  });

  it("while others post on the same plan leaves every experiment its bytes", async () => {
    await start();
    const old = await postExperiment(api.app);
    await api.app.inject({ method: "POST", url: `/v1/experiments/${old}/cancel` });
    const [posted] = await Promise.all([post(), remove(`/v1/experiments/${old}`), post(), post()]);
    const { plan } = (await api.store.experiments.find(null, posted.json<{ id: ExperimentId }>().id)) ?? {};
    expect(await api.artifacts.has(plan?.artifact as Sha256)).toBe(true);
  });
});

describe("open experiments", () => {
  it("more than allowed at once are refused, until one ends", async () => {
    await start({ settings: { openExperiments: 2 } });
    const first = (await post()).json<{ id: string }>().id;
    expect((await post()).statusCode).toBe(201);
    const refused = await post();
    expect(refused.statusCode).toBe(429);
    expect(problemSchema.parse(refused.json()).issues).toMatchObject([
      { where: "open experiments", required: expect.stringMatching(/at most 2/) },
    ]);
    await api.app.inject({ method: "POST", url: `/v1/experiments/${first}/cancel` });
    expect((await post()).statusCode).toBe(201);
  });
});

describe("the work of one training", () => {
  // The played plan has 3 inputs, 1 output and 560 training rows: 1×100 has 501 parameters.
  const maxEpochs = 10;
  const recipe = { maxEpochs };
  const limitOf = (parameters: number) => parameters * 560 * maxEpochs;

  it("is bounded by a parameter limit that stands in the experiment's spec", async () => {
    await start({ settings: { trainingWork: limitOf(2000) } });
    const response = await post({ recipe, search: { preset: "course" } });
    expect(response.statusCode).toBe(201);
    expect(experimentViewSchema.parse(response.json()).spec.limits).toMatchObject({ maxParameterCount: 2000 });
  });

  it("keeps a smaller limit that was asked for", async () => {
    await start({ settings: { trainingWork: limitOf(2000) } });
    const response = await post({ recipe, search: { preset: "course" }, limits: { maxParameterCount: 700 } });
    expect(response.json().spec.limits).toMatchObject({ maxParameterCount: 700 });
  });

  it.each([
    ["the first network is beyond it", 500, {}, "/search/parameters", /501 parameters × 560 training rows × 10 epochs/],
    ["larger networks are asked for", 2000, { limits: { maxParameterCount: 2001 } }, "/limits/maxParameterCount", /2001 parameters/],
  ] as const)("is refused with the numbers where %s", async (_what, parameters, more, where, received) => {
    await start({ settings: { trainingWork: limitOf(parameters) } });
    const refused = await post({ recipe, search: { preset: "course" }, ...more });
    expect(refused.statusCode).toBe(422);
    expect(problemSchema.parse(refused.json()).issues).toMatchObject([{ where, received: expect.stringMatching(received) }]);
  });
});
