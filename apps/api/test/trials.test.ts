/** What an experiment leaves to read: its table in three formats, its decisions, its trials and curves. */
import { decisionListSchema, epochListSchema, epochViewSchema, trialDetailSchema, trialTableSchema } from "@rightsize/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { epochViews } from "../src/views/epoch-view.ts";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startTestApi();
  id = await postExperiment(api.app, course);
  await playToTheEnd(api, id);
});
afterAll(() => api.close());

const get = (path: string, accept?: string) =>
  api.app.inject({ url: `/v1/experiments/${id}${path}`, headers: accept === undefined ? {} : { accept } });

describe("GET /v1/experiments/:id/trials", () => {
  it("is JSON by default, with every run", async () => {
    const response = await get("/trials");
    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
    const table = trialTableSchema.parse(response.json());
    expect(table).toMatchObject({ experimentId: id, state: "SUCCEEDED", metric: "Mean squared error" });
    expect(table.trials.map(({ hiddenLayers, nodesPerLayer, score, nextStep }) => [hiddenLayers, nodesPerLayer, score, nextStep])).toEqual([
      [1, 100, 5.4, "INCREASE_CAPACITY"],
      [1, 250, 4.8, "INCREASE_CAPACITY"],
      [2, 250, 4.4, "INCREASE_CAPACITY"],
      [3, 250, 4.5, "DECREASE_CAPACITY"],
      [3, 200, 4.3, "DONE"],
    ]);
    expect(table.trials.map(({ runs }) => runs[0]?.state)).toEqual(Array(5).fill("COMPLETED"));
    const standing = table.trials.map(({ runs }) => runs.map(({ purpose, standsFor }) => `${purpose} ${standsFor}`));
    expect(standing).toEqual([...Array(4).fill(["fit score"]), ["fit score", "finalise null"]]);
    expect(table.trials.filter(({ winner }) => winner).map(({ number }) => number)).toEqual([5]);
  });

  it.each([
    ["/trials", "text/markdown"],
    ["/trials?format=markdown", "application/json"],
  ])("%s with Accept %s is the course's table, to the letter", async (path, accept) => {
    const response = await get(path, accept);
    expect(response.headers).toMatchObject({ "content-type": "text/markdown; charset=utf-8", vary: "accept" });
    expect(response.body).toBe(`| Hidden layers | Nodes per layer | Mean squared error | Next step |
| ---: | ---: | ---: | --- |
| 1 | 100 | 5.4 | Increase capacity |
| 1 | 250 | 4.8 | Increase capacity |
| 2 | 250 | 4.4 | Increase capacity |
| 3 | 250 | 4.5 | Decrease capacity |
| 3 | 200 | 4.3 | Done |
`);
  });

  it("is CSV where that is asked for", async () => {
    const response = await get("/trials", "text/csv");
    expect(response.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(response.body).toBe(`Hidden layers,Nodes per layer,Mean squared error,Next step
1,100,5.4,Increase capacity
1,250,4.8,Increase capacity
2,250,4.4,Increase capacity
3,250,4.5,Decrease capacity
3,200,4.3,Done
`);
  });

  it("knows no other format", async () => {
    expect((await get("/trials?format=xml")).json()).toMatchObject({ status: 422, issues: [{ where: "?format", received: '"xml"' }] });
  });
});

it("GET /v1/experiments/:id/decisions gives every decision with its evidence, without a gap", async () => {
  const { decisions } = decisionListSchema.parse((await get("/decisions")).json());
  expect(decisions.map(({ sequence, action }) => [sequence, action])).toEqual([
    [1, "START_TRIAL"],
    [2, "START_TRIAL"],
    [3, "START_TRIAL"],
    [4, "START_TRIAL"],
    [5, "START_TRIAL"],
    [6, "FINISH"],
  ]);
  for (const { reason, decision, hash } of decisions) {
    expect(reason).not.toBe("");
    expect(decision.evidence).toBeDefined();
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
});

describe("GET /v1/trials/:id", () => {
  const trialIds = async () => trialTableSchema.parse((await get("/trials")).json()).trials.map((trial) => trial.id);

  it("is one row with the attempts at its runs", async () => {
    const [first] = await trialIds();
    const trial = trialDetailSchema.parse((await api.app.inject(`/v1/trials/${first}`)).json());
    expect(trial).toMatchObject({ number: 1, experimentId: id, hiddenLayers: 1, nodesPerLayer: 100, speculative: false });
    expect(trial.runs.map(({ standsFor }) => standsFor)).toEqual(["score"]);
    expect(trial.attempts).toMatchObject([{ number: 1, workerId: "wrk_test", end: "completed" }]);
  });

  it("/epochs are its runs' curves", async () => {
    const [first] = await trialIds();
    const curves = epochListSchema.parse((await api.app.inject(`/v1/trials/${first}/epochs`)).json());
    expect(curves.runs).toHaveLength(1);
    expect(curves.runs[0]?.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it.each(["/v1/trials/tri_999", "/v1/trials/tri_999/epochs", "/v1/trials/x"])("%s is a 404", async (url) => {
    expect((await api.app.inject(url)).statusCode).toBe(404);
  });
});

it("epochs of a diverged run are shown as far as they are numbers", () => {
  const epoch = { runId: "run_1" as never, trainingLoss: 1, validationLoss: 1, learningRate: 0.1 };
  const epochs = [
    { ...epoch, epoch: 1 },
    { ...epoch, epoch: 2, validationLoss: Number.POSITIVE_INFINITY },
    { ...epoch, epoch: 3, trainingLoss: Number.NaN },
  ];
  expect(epochViews(epochs).map((shown) => shown.epoch)).toEqual([1]);
});

it("epochs are shown with their metrics and their layers' diagnostics where they have some", () => {
  const epoch = { runId: "run_1" as never, trainingLoss: 1, validationLoss: 1, learningRate: 0.1 };
  const diagnostics = [{ deadFraction: 0.5, gradientNorm: 1, updateRatio: 0.01, saturatedFraction: 0 }];
  const shown = epochViews([
    { ...epoch, epoch: 1, metrics: { accuracy: 0.5 }, diagnostics },
    { ...epoch, epoch: 2 },
  ]);
  const { runId: _, ...seen } = epoch;
  expect(shown.map((one) => epochViewSchema.parse(one))).toEqual([
    { ...seen, epoch: 1, metrics: { accuracy: 0.5 }, diagnostics },
    { ...seen, epoch: 2 },
  ]);
});
