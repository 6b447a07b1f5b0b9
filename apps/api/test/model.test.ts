/** The delivered model: taken home as one file, and asked over HTTP, by a real child process. */
import { writeFile } from "node:fs/promises";
import { createPredictProcess, type PredictProcess } from "@rightsize/api";
import { predictionsSchema } from "@rightsize/contract";
import type { Sha256 } from "@rightsize/core";
import { buildDeliveredModel, bundleNames, deliveredSchema, writeBundle } from "@rightsize/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type BuiltCase,
  buildCase,
  type DeliveredCase,
  deliveredCases,
  largestDifference,
  mixedRows,
} from "../../../test/support/delivered-cases.ts";
import { createModelCache } from "../src/predict-process/model-cache.ts";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi, type TestApi } from "./support.ts";

let api: TestApi;
let predictProcess: PredictProcess;
/** Where `find` gets the model of the experiment from, which the scripted trainer doesn't make. */
let model: Sha256 | null = null;
let id: string;
const built = new Map<string, BuiltCase>();
const models = new Map<string, Sha256>();

beforeAll(async () => {
  predictProcess = createPredictProcess({ timeoutMs: 20_000, memoryBytes: 1024 * 2 ** 20, environment: { PATH: process.env.PATH ?? "" } });
  api = await startTestApi({
    predictProcess,
    settings: { predictRows: 200, bodyLimitBytes: 100_000 },
    change: (deps) => ({
      ...deps,
      store: {
        ...deps.store,
        experiments: {
          ...deps.store.experiments,
          find: async (owner, experimentId) => {
            const found = await deps.store.experiments.find(owner, experimentId);
            return found?.answer && model !== null ? { ...found, answer: { ...found.answer, modelArtifact: model } } : found;
          },
        },
      },
    }),
  });
  id = await postExperiment(api.app, course);
  await playToTheEnd(api, id);
  for (const name of ["a mean over sizes and folds", "a mean of classes over folds"]) {
    const example = deliveredCases.find((one) => one.name === name) as DeliveredCase;
    const made = await buildCase(example);
    const bundle = writeBundle(
      new Map<string, Uint8Array | string>([
        [bundleNames.model, buildDeliveredModel(made.plan, made.members)],
        [bundleNames.pipeline, JSON.stringify(deliveredSchema(made.plan))],
      ]),
    );
    built.set(name, made);
    models.set(name, (await api.artifacts.put(bundle)).id);
  }
});
afterAll(async () => {
  await api.close();
  await predictProcess.close();
});

const use = (name: string): BuiltCase => {
  model = models.get(name) as Sha256;
  return built.get(name) as BuiltCase;
};
const predict = (payload: string, type = "application/json", accept = "application/json") =>
  api.app.inject({ method: "POST", url: `/v1/experiments/${id}/predict`, payload, headers: { "content-type": type, accept } });

describe("GET /v1/experiments/:id/model", () => {
  it("is a conflict before there is one, and tells the state; so is asking for a prediction", async () => {
    const waiting = await postExperiment(api.app, { ...course, name: "waiting" });
    const response = await api.app.inject(`/v1/experiments/${waiting}/model`);
    expect(response.json()).toMatchObject({ status: 409, code: "conflict", issues: [{ received: "QUEUED" }] });
    const headers = { "content-type": "application/json" };
    const asked = await api.app.inject({ method: "POST", url: `/v1/experiments/${waiting}/predict`, payload: '{"rows":[{}]}', headers });
    expect(asked.json()).toMatchObject({ status: 409, code: "conflict" });
  });

  it("is the stored bundle, as a file to save", async () => {
    use("a mean over sizes and folds");
    const response = await api.app.inject(`/v1/experiments/${id}/model`);
    expect(response.headers).toMatchObject({
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="rightsize-${id}.zip"`,
      etag: `"${model}"`,
    });
    expect(response.rawPayload).toEqual(Buffer.from(await api.artifacts.read(model as Sha256)));
  });

  it("that was damaged on the disk is an error of ours before a byte is sent, and so are its bytes for a worker", async () => {
    const whole = new Uint8Array(300_000).fill(7);
    model = (await api.artifacts.put(whole)).id;
    await writeFile(await api.artifacts.localPath(model), whole.fill(8, 299_999));
    for (const url of [`/v1/experiments/${id}/model`, `/v1/artifacts/${model}`]) {
      const response = await api.app.inject(url);
      expect(response.headers["content-type"], url).toBe("application/problem+json");
      expect(response.json()).toMatchObject({ status: 500, code: "artifact_corrupt", detail: expect.stringContaining(model) });
    }
    // Put again it is whole again.
    await api.artifacts.put(new Uint8Array(300_000).fill(7));
    expect((await api.app.inject(`/v1/experiments/${id}/model`)).rawPayload).toHaveLength(300_000);
  });

  it("is not found where its bytes are gone", async () => {
    model = "0".repeat(64) as Sha256;
    expect((await api.app.inject(`/v1/experiments/${id}/model`)).json()).toMatchObject({ status: 404, code: "artifact_missing" });
    expect((await predict('{"rows":[{}]}')).json()).toMatchObject({ status: 404, code: "artifact_missing" });
  });
});

describe("POST /v1/experiments/:id/predict", () => {
  it("a CSV file gets what the service itself predicts for the same rows", async () => {
    const { csv, expected } = use("a mean over sizes and folds");
    const response = await predict(csv, "text/csv");
    expect(response.statusCode).toBe(200);
    const view = predictionsSchema.parse(response.json());
    expect(view).toMatchObject({ experimentId: id, model, target: "price", task: "regression", classes: [], probabilities: null });
    expect(largestDifference(view.predictions as number[], expected)).toBeLessThan(1e-6);
  });

  it("rows as JSON, one or many, gaps and unknown categories among them, get the same as CSV", async () => {
    use("a mean over sizes and folds");
    const batch = predictionsSchema.parse((await predict(JSON.stringify({ rows: mixedRows.slice(0, 3) }))).json());
    expect(batch.predictions).toHaveLength(3);
    const single = predictionsSchema.parse((await predict(JSON.stringify({ rows: [mixedRows[2]] }))).json());
    expect(single.predictions[0]).toBeCloseTo(batch.predictions[2] as number, 6);
    const csv = "town,colour,new,day,year built,gappy,size\nt999,mauve,TRUE,1969-12-31T23:30:00Z,2011, 2.5 ,1e3\n";
    const fromCsv = predictionsSchema.parse((await predict(csv, "text/csv; charset=utf-8")).json());
    expect(fromCsv.predictions[0]).toBe(single.predictions[0]);
  });

  it("classes come with their probabilities; CSV where that is asked for", async () => {
    const { csv, expected, plan } = use("a mean of classes over folds");
    const view = predictionsSchema.parse((await predict(csv, "text/csv")).json());
    expect(view.classes).toEqual(plan.classes);
    expect(largestDifference((view.probabilities ?? []).flat(), expected)).toBeLessThan(1e-6);
    const table = await predict(csv, "text/csv", "text/csv");
    expect(table.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const [header, first] = table.body.split("\n");
    expect(header).toBe("prediction,probability a,probability b,probability c");
    expect(first).toBe([view.predictions[0], ...(view.probabilities?.[0] ?? [])].join(","));
  });

  it.each([
    ["a column that no row has", '{"rows":[{"size":1}]}', "application/json", 422, "/rows"],
    ["a column that the header lacks", "size,town\n1,t1\n", "text/csv", 422, "the header"],
    ["a cell that is no number", JSON.stringify({ rows: [{ ...mixedRows[0], size: "big" }] }), "application/json", 422, "/rows/0/size"],
    ["a ragged row", "size,gappy,year built,day,new,colour,town\n1,2\n", "text/csv", 422, "row 1"],
    [
      "a cell of CSV that is no date",
      "size,gappy,year built,day,new,colour,town\n1,2,3,soon,true,red,t1\n",
      "text/csv",
      422,
      "row 1, column day",
    ],
    ["no rows", '{"rows":[]}', "application/json", 422, "/rows"],
    ["a header alone", "size,gappy,year built,day,new,colour,town\n", "text/csv", 422, "the body"],
    ["rows that are no objects", '{"rows":[[1,2]]}', "application/json", 422, "/rows/0"],
    ["another member", '{"row":{}}', "application/json", 422, "/rows"],
    ["too many rows", JSON.stringify({ rows: Array(201).fill({}) }), "application/json", 413, "/rows"],
    ["too many lines", `size,gappy,year built,day,new,colour,town\n${"1,2,3,,true,red,t1\n".repeat(201)}`, "text/csv", 413, "the body"],
  ])("%s is told", async (_, payload, type, status, where) => {
    use("a mean over sizes and folds");
    const response = await predict(payload, type);
    const problem = response.json<{ status: number; issues: { where: string }[]; detail: string }>();
    expect(problem).toMatchObject({ status, issues: expect.arrayContaining([expect.objectContaining({ where })]) });
  });

  it.each([
    ["broken JSON", '{"rows":', "application/json", 400],
    ["an empty body", "", "application/json", 400],
    ["another type", "size\n1", "text/plain", 415],
    ["a body over the limit", `size\n${"1\n".repeat(60_000)}`, "text/csv", 413],
  ])("%s is refused", async (_, payload, type, status) => {
    use("a mean over sizes and folds");
    expect((await predict(payload, type)).json()).toMatchObject({ status });
  });

  it("a bundle of another kind is a failure of ours, not of the request", async () => {
    model = (await api.artifacts.put(new TextEncoder().encode('{"format":"rightsize-model/1"}'))).id;
    expect((await predict('{"rows":[{}]}')).json()).toMatchObject({ status: 500, code: "artifact_corrupt" });
  });

  it("one child answered all of this", () => {
    expect(predictProcess.startCount()).toBe(1);
  });
});

describe("the models kept", () => {
  it("are the ones used last, within number and size; what goes out is released", async () => {
    const released: string[] = [];
    const loaded: string[] = [];
    const sizes: Record<string, number> = { a: 1, b: 1, c: 1, big: 100 };
    const get = createModelCache(
      async (path) => {
        loaded.push(path);
        return { model: { path, release: async () => void released.push(path) }, sizeBytes: sizes[path] ?? 0 };
      },
      { models: 2, bytes: 50 },
    );
    for (const name of ["a", "b", "a", "c", "a", "big"]) expect((await get(name as Sha256, name)).path).toBe(name);
    expect(loaded).toEqual(["a", "b", "c", "big"]);
    expect(released).toEqual(["b", "c", "a"]);
  });
});
