/** The client against the API that it is a client of: it makes every request that the OpenAPI document knows, as the document says. */
import type { Client } from "@rightsize/client";
import { createClient } from "@rightsize/client";
import type { ExperimentRequest } from "@rightsize/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { course, playToTheEnd } from "../../apps/api/test/play.ts";
import { startTestApi, type TestApi } from "../../apps/api/test/support.ts";

let api: TestApi;
let url: string;
beforeAll(async () => {
  api = await startTestApi();
  url = await api.listen();
});
afterAll(() => api.close());

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly contentType: string | null;
}

const bytes = new Blob(["a,b\n1,2\n"]);
const sha256 = "0".repeat(64);
const question = { dataset: sha256, target: "b" };
const page = { limit: 3, cursor: "next" };
const ended = new AbortController().signal;

/** Every method once, with every option that travels. A method that is missing here is an error of the types. */
const calls: { readonly [Method in Exclude<keyof Client, "url">]: (client: Client) => Promise<unknown> } = {
  uploadDataset: (client) => client.uploadDataset({ name: "t.csv", bytes, header: true, delimiter: "tab", decimal: ",", quote: "'" }),
  uploadImages: (client) => client.uploadImages({ name: "digits", images: bytes, labels: bytes }),
  dataset: (client) => client.dataset(sha256),
  datasets: (client) => client.datasets(page),
  datasetRows: (client) => client.datasetRows(sha256, { offset: 1, limit: 2 }),
  datasetExperiments: (client) => client.datasetExperiments(sha256, page),
  deleteDataset: (client) => client.deleteDataset(sha256),
  createExperiment: (client) => client.createExperiment(question),
  estimateExperiment: (client) => client.estimateExperiment(question),
  experiment: (client) => client.experiment("exp_1"),
  experiments: (client) => client.experiments({ ...page, search: "price", states: ["RUNNING", "PAUSED"] }),
  pauseExperiment: (client) => client.pauseExperiment("exp_1"),
  resumeExperiment: (client) => client.resumeExperiment("exp_1"),
  cancelExperiment: (client) => client.cancelExperiment("exp_1"),
  deleteExperiment: (client) => client.deleteExperiment("exp_1"),
  events: (client) => client.events("exp_1", { signal: ended }).next(),
  waitUntilEnded: (client) => client.waitUntilEnded("exp_1", { signal: ended }),
  trials: (client) => client.trials("exp_1"),
  trialsText: (client) => client.trialsText("exp_1", "csv"),
  decisions: (client) => client.decisions("exp_1"),
  attempts: (client) => client.attempts("exp_1"),
  evaluation: (client) => client.evaluation("exp_1"),
  startLearningCurve: (client) => client.startLearningCurve("exp_1"),
  learningCurve: (client) => client.learningCurve("exp_1"),
  log: (client) => client.log("exp_1", { after: 3, limit: 2 }),
  report: (client) => client.report("exp_1", "markdown"),
  replay: (client) => client.replay("exp_1", { patience: 1 }),
  model: (client) => client.model("exp_1"),
  predictions: (client) => client.predictions("exp_1", { rows: [{ a: 1 }] }),
  predictionsText: (client) => client.predictionsText("exp_1", { type: "text/csv", rows: bytes }),
  trial: (client) => client.trial("tri_1"),
  epochs: (client) => client.epochs("tri_1", { points: 10 }),
  serviceEvents: (client) => client.serviceEvents({ topics: ["workers"], signal: ended }).next(),
  workers: (client) => client.workers(),
  artifact: (client) => client.artifact(sha256),
  storeArtifact: (client) => client.storeArtifact(sha256, bytes),
  createKey: (client) => client.createKey({ name: "a key", scopes: ["read"] }),
  keys: (client) => client.keys(),
  revokeKey: (client) => client.revokeKey("key_1"),
  ready: (client) => client.ready(),
  live: (client) => client.live(),
};

/** What a call sends, to a service that refuses everything. */
async function askedBy(call: (client: Client) => Promise<unknown>): Promise<Asked> {
  let asked: Asked | null = null;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    const contentType = request.headers.get("content-type")?.split(";")[0] ?? null;
    asked = { method: request.method.toLowerCase(), path: pathname, query: [...searchParams.keys()], contentType };
    return new Response("{}", { status: 404 });
  };
  await expect(call(createClient({ url: "http://service", fetch }))).rejects.toMatchObject({ status: 404 });
  return asked as unknown as Asked;
}

async function documentOf(): Promise<Document> {
  return (await api.app.inject("/openapi.json")).json();
}

/** The document's path that a request goes to. */
function templateOf(document: Document, { path }: Asked): string | undefined {
  return Object.keys(document.paths).find((template) => new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(path));
}

describe("the client and the OpenAPI document", () => {
  it("know the same operations", async () => {
    const document = await documentOf();
    const asked = await Promise.all(Object.values(calls).map(askedBy));
    const made = new Set(asked.map((request) => `${request.method} ${templateOf(document, request) ?? request.path}`));
    const known = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    // HEAD is GET without a body. A new operation needs a method in packages/client and a line in `calls` above.
    expect([...made].sort()).toEqual(known.filter((operation) => !operation.startsWith("head ")).sort());
  });

  it.each(Object.entries(calls))("agree on what %s sends", async (_method, call) => {
    const document = await documentOf();
    const request = await askedBy(call);
    const operation = document.paths[templateOf(document, request) ?? ""]?.[request.method];
    const declared = (operation?.parameters ?? []).filter((parameter) => parameter.in === "query").map(({ name }) => name);
    expect(declared).toEqual(expect.arrayContaining([...request.query]));
    if (request.contentType !== null) expect(Object.keys(operation?.requestBody?.content ?? {})).toContain(request.contentType);
  });
});

describe("the client and the API", () => {
  it("go from a file to an answer, waiting by events", async () => {
    const client = createClient({ url });
    const dataset = await client.uploadDataset({ name: "t.csv", bytes, header: true, delimiter: "comma" });
    const request = { dataset: dataset.id, target: "y", ...course } as ExperimentRequest;
    const experiment = await client.createExperiment(request, { idempotencyKey: "once" });
    expect((await client.createExperiment(request, { idempotencyKey: "once" })).id).toBe(experiment.id);
    const told: number[] = [];
    const waiting = client.waitUntilEnded(experiment.id, {
      onMessages: (messages) => {
        for (const message of messages) if (message.kind === "event") told.push(message.event.sequence);
      },
    });
    await playToTheEnd(api, experiment.id);
    const { state, eventCount } = await waiting;
    expect([state, told]).toEqual(["SUCCEEDED", Array.from({ length: eventCount }, (_, at) => at + 1)]);
    const { items } = await client.experiments({ search: "y", states: ["SUCCEEDED"] });
    expect(items.map(({ id, summary }) => [id, summary.best?.score])).toEqual([[experiment.id, 4.3]]);
    expect(await client.trialsText(experiment.id, "markdown")).toContain("| 3 | 200 | 4.3 | Done |");
  });

  it("tell what changes in the lists, until nobody wants to know", async () => {
    const client = createClient({ url });
    const listening = new AbortController();
    const told: string[] = [];
    const { id: dataset } = await client.uploadDataset({ name: "t.csv", bytes });
    for await (const messages of client.serviceEvents({ topics: ["experiments"], signal: listening.signal })) {
      for (const message of messages) {
        told.push(message.kind === "experiment" ? `${message.experiment.target} ${message.experiment.state}` : message.kind);
        if (message.kind === "open") await client.createExperiment({ dataset, target: "b", ...course } as ExperimentRequest);
        if (message.kind === "experiment") listening.abort();
      }
    }
    expect(told).toEqual(["open", "b QUEUED"]);
  });

  it("tell what is wrong as an error that names the place", async () => {
    const refused = createClient({ url }).createExperiment({ dataset: sha256, target: "y" });
    await expect(refused).rejects.toMatchObject({ status: 404, problem: { code: "not_found" } });
    const unnamed = createClient({ url }).createExperiment({ dataset: sha256, target: "" });
    await expect(unnamed).rejects.toMatchObject({ problem: { issues: [{ where: "/target" }] } });
  });
});
