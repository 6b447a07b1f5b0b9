/** Experiments over real HTTP handling: accepted whole, refused with what is wrong, controlled. */
import { experimentPageSchema, experimentViewSchema, type Problem, problemSchema } from "@rightsize/contract";
import { defaultProbe, type ExperimentId, localOwner, type Recipe } from "@rightsize/core";
import { defaultPreset, presetRecipe } from "@rightsize/policy";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { postExperiment, startTestApi, type TestApi, uploadTable } from "./support.ts";

let api: TestApi;
let dataset: string;
beforeEach(async () => {
  api = await startTestApi();
  dataset = await uploadTable(api.app);
});
afterEach(() => api.close());

const post = (payload: object | string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: "POST", url: "/v1/experiments", payload, headers: { "content-type": "application/json", ...headers } });
const control = (id: string, verb: string) => api.app.inject({ method: "POST", url: `/v1/experiments/${id}/${verb}` });
const count = async () => (await api.app.inject("/v1/experiments")).json<{ items: unknown[] }>().items.length;

describe("POST /v1/experiments", () => {
  it("needs only a dataset and a target; everything else is filled in", async () => {
    const response = await post({ dataset, target: "y" });
    expect(response.statusCode).toBe(201);
    const view = experimentViewSchema.parse(response.json());
    expect(view).toMatchObject({
      name: "y of small.csv",
      state: "QUEUED",
      target: "y",
      task: "regression",
      preset: defaultPreset,
      engine: "onnx",
    });
    expect(view.spec).toMatchObject({
      recipe: presetRecipe(defaultPreset),
      split: { kind: "random", validationFraction: 0.3, testFraction: 0.2 },
      seed: 0,
    });
    expect(view.plan).toMatchObject({ trainingRows: 560, leftOut: [{ name: "name", reason: "It is an identifier." }] });
    expect(response.headers.location).toBe(`/v1/experiments/${view.id}`);
    const speculation = { adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 };
    expect((await api.app.inject(`/v1/experiments/${view.id}`)).json()).toEqual({ ...view, speculation, learningCurve: false });
  });

  it("starts with its first trial and a dispatch in the outbox", async () => {
    const id = (await post({ dataset, target: "y", search: { preset: "course" } })).json<{ id: ExperimentId }>().id;
    const snapshot = await api.store.experiments.snapshot(id);
    expect(snapshot?.trials).toMatchObject([{ number: 1, capacity: { hiddenLayers: 1, nodesPerLayer: 100 } }]);
    expect(await api.store.outbox.relay(10, async () => {})).toBe(1);
  });

  it("takes the task from the target's column, or from the request", async () => {
    const task = async (request: object) => (await post({ dataset, ...request })).json<{ task: string }>().task;
    expect(await task({ target: "kind" })).toBe("classification");
    expect(await task({ target: "b" })).toBe("regression");
    expect(await task({ target: "b", task: "classification" })).toBe("classification");
  });

  it("refuses a loss that doesn't fit the question, and says which do", async () => {
    const before = await count();
    const response = await post({ dataset, target: "y", recipe: { loss: "cross_entropy" } });
    expect(response.statusCode).toBe(422);
    expect(problemSchema.parse(response.json()).issues).toMatchObject([{ where: "/recipe/loss", received: "cross_entropy" }]);
    expect(await count()).toBe(before);
  });

  it("keeps the recipe's given members and fills in the others", async () => {
    const response = await post({ dataset, target: "y", recipe: { maxEpochs: 7, optimizer: { kind: "sgd" } } });
    const { spec } = experimentViewSchema.parse(response.json());
    expect(spec.recipe).toEqual({ ...presetRecipe(defaultPreset), maxEpochs: 7, optimizer: { kind: "sgd", momentum: 0, nesterov: false } });
  });

  it("fills in what a probe of learning rates doesn't say, as far as the training's epochs reach", async () => {
    const asked = async (recipe: object, preset = "course") => {
      const response = await post({ dataset, target: "y", search: { preset }, recipe });
      return (experimentViewSchema.parse(response.json()).spec.recipe as Recipe).learningRate;
    };
    expect(await asked({ learningRate: { kind: "probe" } })).toEqual({ kind: "probe", ...defaultProbe });
    expect(await asked({ learningRate: { kind: "probe", values: [0.1, 0.01] }, maxEpochs: 2 })).toEqual({
      ...{ kind: "probe", values: [0.1, 0.01], epochs: 2 },
    });
    expect(await asked({ learningRate: { kind: "probe", epochs: 20 } })).toMatchObject({ epochs: 20 });
  });

  it.each<[string, object, object]>([
    [
      "longer than the training",
      { learningRate: { kind: "probe", epochs: 21 } },
      { where: "/recipe/learningRate/epochs", received: "21", required: "at most maxEpochs, which is 20 here" },
    ],
    [
      "of no epoch",
      { learningRate: { kind: "probe", epochs: 0 } },
      { where: "/recipe/learningRate/epochs", received: "0", required: "at least 1" },
    ],
    [
      "of one rate",
      { learningRate: { kind: "probe", values: [0.1] } },
      { where: "/recipe/learningRate/values", received: "[0.1]", required: "at least 2 items" },
    ],
    [
      "of a rate twice",
      { learningRate: { kind: "probe", values: [0.1, 0.01, 0.1] } },
      { where: "/recipe/learningRate/values", received: "[0.1,0.01,0.1]", required: "rates that are all different" },
    ],
    [
      "of a rate of 0",
      { learningRate: { kind: "probe", values: [0.1, 0] } },
      { where: "/recipe/learningRate/values/1", received: "0", required: "more than 0" },
    ],
    [
      "with a misspelt member",
      { learningRate: { kind: "probe", epoch: 3 } },
      { where: "/recipe/learningRate/epoch", received: "3", required: expect.any(String) },
    ],
  ])("refuses a probe %s, and says where", async (_what, recipe, issue) => {
    const response = await post({ dataset, target: "y", search: { preset: "course" }, recipe });
    expect(response.statusCode).toBe(422);
    expect(problemSchema.parse(response.json()).issues).toEqual([issue]);
    expect(await count()).toBe(0);
  });

  const hash = "0".repeat(64);
  it.each<[string, object, number, string, string]>([
    ["no dataset", { dataset: undefined, target: "y" }, 422, "invalid_request", "/dataset"],
    ["an unknown dataset", { dataset: hash, target: "y" }, 404, "not_found", "/dataset"],
    ["no target", { target: undefined }, 422, "invalid_request", "/target"],
    ["an unknown column", { target: "wages" }, 422, "unusable_data", "/target"],
    ["an unknown preset", { search: { preset: "magic" } }, 422, "invalid_request", "/search/preset"],
    [
      "an unknown parameter of the preset",
      { search: { preset: "course", parameters: { speed: 3 } } },
      422,
      "invalid_request",
      "/search/parameters/speed",
    ],
    ["an engine that isn't here", { engine: { name: "tensorflow" } }, 422, "engine_unavailable", "/engine/name"],
    [
      "a script for a real engine",
      { engine: { name: "onnx", script: { runs: [], otherwise: { score: 1, epochs: 1, epochMs: 0 } } } },
      422,
      "invalid_request",
      "/engine/script",
    ],
    ["a validation share of 1", { split: { kind: "random", validationFraction: 1 } }, 422, "invalid_request", "/split/validationFraction"],
    ["an unknown kind of split", { split: { kind: "tarot" } }, 422, "invalid_request", "/split/kind"],
    ["a misspelt member", { tragte: 1 }, 422, "invalid_request", "/tragte"],
    ["a seed that is no whole number", { seed: 1.5 }, 422, "invalid_request", "/seed"],
  ])("refuses %s", async (_what, request, status, code, where) => {
    const response = await post({ dataset, target: "y", ...request });
    expect(response.statusCode).toBe(status);
    expect(response.headers["content-type"]).toBe("application/problem+json");
    const problem: Problem = problemSchema.parse(response.json());
    expect(problem).toMatchObject({ code, status });
    expect(problem.issues.map((issue) => issue.where)).toContain(where);
    for (const issue of problem.issues) expect(issue.required).not.toBe("");
    expect(await count()).toBe(0);
  });

  it("says what was received and what is required", async () => {
    const { issues } = (await post({ dataset, target: "", split: { kind: "tarot" }, seed: -1 })).json<Problem>();
    expect(issues).toEqual([
      { where: "/target", received: '""', required: "at least 1 character" },
      { where: "/split/kind", received: '"tarot"', required: 'one of "random", "rows", "folds", "group", "time"' },
      { where: "/seed", received: "-1", required: "at least 0" },
    ]);
  });

  it("passes on what the plan found wrong with the data, and creates nothing", async () => {
    const response = await post({ dataset, target: "a" });
    expect(response.statusCode).toBe(422);
    expect(response.json()).toMatchObject({ code: "unusable_data", detail: "Row 7 of a is no number." });
    expect(await count()).toBe(0);
  });

  it.each(["{", "[]", '"text"', "null", ""])("a body of %j is a problem, not a crash", async (body) => {
    const response = await post(body);
    expect([400, 422]).toContain(response.statusCode);
    problemSchema.parse(response.json());
  });

  it("doesn't take other content types or bodies that are too large", async () => {
    expect((await post("dataset=1", { "content-type": "application/x-www-form-urlencoded" })).statusCode).toBe(415);
    const small = await startTestApi({ settings: { bodyLimitBytes: 1000 } });
    const large = await small.app.inject({ method: "POST", url: "/v1/experiments", payload: { target: "y".repeat(2000) } });
    expect(large.statusCode).toBe(413);
    problemSchema.parse(large.json());
    await small.close();
  });

  describe("with an Idempotency-Key", () => {
    const key = { "idempotency-key": "retry-1" };
    it("the same request again returns the first experiment", async () => {
      const first = await post({ dataset, target: "y" }, key);
      const again = await post({ target: "y", dataset }, key);
      expect([first.statusCode, again.statusCode]).toEqual([201, 200]);
      expect(again.json<{ id: string }>().id).toBe(first.json<{ id: string }>().id);
      expect(await count()).toBe(1);
    });
    it("two at once create one", async () => {
      const answers = await Promise.all([post({ dataset, target: "y" }, key), post({ dataset, target: "y" }, key)]);
      expect(new Set(answers.map((answer) => answer.json<{ id: string }>().id)).size).toBe(1);
      expect(await count()).toBe(1);
    });
    it("another request is refused", async () => {
      await post({ dataset, target: "y" }, key);
      const other = await post({ dataset, target: "b" }, key);
      expect(other.statusCode).toBe(409);
      expect(other.json()).toMatchObject({ code: "idempotency_conflict" });
      expect(await count()).toBe(1);
    });
    it("a key that is too long is refused", async () => {
      const response = await post({ dataset, target: "y" }, { "idempotency-key": "k".repeat(201) });
      expect(response.json()).toMatchObject({ status: 422, issues: [{ where: "header idempotency-key" }] });
    });
  });
});

describe("GET /v1/experiments", () => {
  it("lists newest first, page by page", async () => {
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) ids.unshift(await postExperiment(api.app, { name }));
    const first = experimentPageSchema.parse((await api.app.inject("/v1/experiments?limit=2")).json());
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const second = experimentPageSchema.parse(
      (await api.app.inject(`/v1/experiments?limit=2&cursor=${encodeURIComponent(first.cursor ?? "")}`)).json(),
    );
    expect(second).toMatchObject({ items: [{ id: ids[2], name: "one" }], cursor: null });
  });
});

describe("control", () => {
  const events = async (id: string) =>
    (await api.store.experiments.events(id as ExperimentId, 0, 100)).map(({ kind, data }) => [kind, data.state]);

  it("pauses and resumes, with an event each; asking twice changes nothing", async () => {
    const id = await postExperiment(api.app);
    expect((await control(id, "pause")).json()).toMatchObject({ state: "PAUSED", stateReason: "paused by request" });
    expect((await control(id, "pause")).json()).toMatchObject({ state: "PAUSED" });
    expect((await control(id, "resume")).json()).toMatchObject({ state: "RUNNING", stateReason: null });
    expect((await control(id, "resume")).statusCode).toBe(200);
    expect((await events(id)).filter(([kind]) => kind === "experiment.state")).toEqual([
      ["experiment.state", "PAUSED"],
      ["experiment.state", "RUNNING"],
    ]);
  });

  it("cancels for good: runs and trials too", async () => {
    const id = await postExperiment(api.app);
    const cancelled = await control(id, "cancel");
    expect(cancelled.json()).toMatchObject({ state: "CANCELLED", stateReason: "cancelled by request" });
    const snapshot = await api.store.experiments.snapshot(id as ExperimentId);
    expect(snapshot?.runs.map(({ state }) => state)).toEqual(["CANCELLED"]);
    expect(snapshot?.trials.map(({ state }) => state)).toEqual(["CANCELLED"]);
    for (const verb of ["pause", "resume"]) {
      const refused = await control(id, verb);
      expect(refused.statusCode).toBe(409);
      expect(problemSchema.parse(refused.json()).issues).toMatchObject([{ received: "CANCELLED" }]);
    }
    expect((await control(id, "cancel")).statusCode).toBe(200);
  });

  it("tells the background loops", async () => {
    const changed: string[] = [];
    const other = await startTestApi({ change: (deps) => ({ ...deps, onWorkChanged: (id) => changed.push(id) }) });
    const id = await postExperiment(other.app);
    await other.app.inject({ method: "POST", url: `/v1/experiments/${id}/pause` });
    expect(changed).toEqual([id, id]);
    await other.close();
  });

  it.each(["pause", "resume", "cancel"])("%s of an unknown experiment is a 404", async (verb) => {
    expect((await control("exp_unknown", verb)).statusCode).toBe(404);
  });

  it("another owner's experiment is as unknown as any", async () => {
    const id = await postExperiment(api.app);
    const found = await api.store.experiments.find(localOwner, id as ExperimentId);
    const { createExperiment } = await import("@rightsize/orchestrator");
    const { randomIds } = await import("@rightsize/core");
    if (found === null) throw new Error("it was just created");
    const foreign = await createExperiment(
      { store: api.store, ids: randomIds },
      { owner: "somebody else" as never, spec: found.spec, plan: found.plan, idempotency: null },
    );
    for (const path of ["", "/trials", "/decisions", "/events", "/model"]) {
      expect((await api.app.inject(`/v1/experiments/${foreign.experiment.id}${path}`)).statusCode, path).toBe(404);
    }
    const snapshot = await api.store.experiments.snapshot(foreign.experiment.id);
    for (const path of ["", "/epochs"]) expect((await api.app.inject(`/v1/trials/${snapshot?.trials[0]?.id}${path}`)).statusCode).toBe(404);
    expect((await control(foreign.experiment.id, "cancel")).statusCode).toBe(404);
  });
});
