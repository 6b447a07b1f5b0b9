/** The client itself: each method as one request, its answer checked against the contract. */
import {
  artifactViewSchema,
  attemptListSchema,
  datasetPageSchema,
  datasetRowsSchema,
  datasetViewSchema,
  decisionListSchema,
  epochListSchema,
  evaluationSchema,
  experimentEstimateSchema,
  experimentLogSchema,
  experimentPageSchema,
  experimentViewSchema,
  keyListSchema,
  keyViewSchema,
  learningCurveSchema,
  newKeySchema,
  predictionsSchema,
  readinessSchema,
  replayViewSchema,
  trialDetailSchema,
  trialTableSchema,
  workerListSchema,
} from "@rightsize/contract";
import type { Client, RowsBody } from "./client-interface.ts";
import { RequestRefused, ServiceUnreachable } from "./errors.ts";
import { experimentMessages, serviceMessages } from "./events.ts";
import { createTransport, query, type RequestOptions, type TransportOptions, withJson } from "./transport.ts";
import { waitUntilEnded } from "./wait.ts";

export type ClientOptions = TransportOptions;

/** Tries of a request that is harmless to repeat, after broken connections. */
const tries = 3;

export function createClient(options: ClientOptions): Client {
  const { url, request, json, text } = createTransport(options);
  const dataset = (id: string) => `/v1/datasets/${encodeURIComponent(id)}`;
  const experiment = (id: string) => `/v1/experiments/${encodeURIComponent(id)}`;
  const trial = (id: string) => `/v1/trials/${encodeURIComponent(id)}`;
  const control = (id: string, what: "pause" | "resume" | "cancel") =>
    json(experimentViewSchema, `${experiment(id)}/${what}`, { method: "POST" });
  const removed = async (path: string) => {
    await request(path, { method: "DELETE" });
  };
  const stream = async (path: string) => bodyOf(await request(path, { timeLimit: "none" }), url);

  /** Opens a stream of events after an id. */
  const opened = (path: string) => (lastEventId: string | null, signal: AbortSignal) => {
    const headers = { accept: "text/event-stream", ...(lastEventId === null ? {} : { "last-event-id": lastEventId }) };
    return request(path, { headers, signal, timeLimit: "none" });
  };
  const never = new AbortController().signal;

  const client: Client = {
    url,
    async uploadDataset({ bytes, ...said }) {
      const init = { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" }, timeLimit: "none" } as const;
      return json(datasetViewSchema, `/v1/datasets${query(said)}`, init);
    },
    async uploadImages({ name, images, labels }) {
      const body = new FormData();
      body.append("name", name);
      body.append("images", images, "images");
      body.append("labels", labels, "labels");
      return json(datasetViewSchema, "/v1/datasets", { method: "POST", body, timeLimit: "none" });
    },
    dataset: (id) => json(datasetViewSchema, dataset(id)),
    datasets: (page = {}) => json(datasetPageSchema, `/v1/datasets${query({ ...page })}`),
    datasetRows: (id, range = {}) => json(datasetRowsSchema, `${dataset(id)}/rows${query({ ...range })}`),
    datasetExperiments: (id, page = {}) => json(experimentPageSchema, `${dataset(id)}/experiments${query({ ...page })}`),
    deleteDataset: (id) => removed(dataset(id)),

    createExperiment: (body, { idempotencyKey = crypto.randomUUID() } = {}) =>
      repeated(() => json(experimentViewSchema, "/v1/experiments", withJson(body, { "idempotency-key": idempotencyKey }))),
    estimateExperiment: (body) => json(experimentEstimateSchema, `/v1/experiments${query({ dryRun: true })}`, withJson(body)),
    experiment: (id) => json(experimentViewSchema, experiment(id)),
    experiments: ({ states, ...page } = {}) =>
      json(experimentPageSchema, `/v1/experiments${query({ ...page, states: states?.join(",") })}`),
    pauseExperiment: (id) => control(id, "pause"),
    resumeExperiment: (id) => control(id, "resume"),
    cancelExperiment: (id) => control(id, "cancel"),
    deleteExperiment: (id) => removed(experiment(id)),
    events: (id, { signal = never, afterSequence = 0, onReconnect } = {}) =>
      experimentMessages({ signal, afterSequence, ...(onReconnect ? { onReconnect } : {}), open: opened(`${experiment(id)}/events`) }),
    waitUntilEnded: (id, wait = {}) => waitUntilEnded(client, id, wait),
    trials: (id) => json(trialTableSchema, `${experiment(id)}/trials`),
    trialsText: (id, format) => text(`${experiment(id)}/trials`, `text/${format}`),
    decisions: (id) => json(decisionListSchema, `${experiment(id)}/decisions`),
    evaluation: (id) => json(evaluationSchema, `${experiment(id)}/evaluation`),
    replay: (id, rules = {}) => json(replayViewSchema, `${experiment(id)}/replay`, withJson(rules)),
    startLearningCurve: (id) => json(learningCurveSchema, `${experiment(id)}/learning-curve`, { method: "POST" }),
    learningCurve: (id) => json(learningCurveSchema, `${experiment(id)}/learning-curve`),
    attempts: (id) => json(attemptListSchema, `${experiment(id)}/attempts`),
    log: (id, page = {}) => json(experimentLogSchema, `${experiment(id)}/log${query({ ...page })}`),
    report: (id, format = "html") => text(`${experiment(id)}/report`, `text/${format}`),
    async model(id) {
      const response = await request(`${experiment(id)}/model`, { timeLimit: "none" });
      return { bytes: bodyOf(response, url), sha256: /[0-9a-f]{64}/.exec(response.headers.get("etag") ?? "")?.[0] ?? null };
    },
    predictions: (id, rows) => json(predictionsSchema, `${experiment(id)}/predict`, withRows(rows)),
    predictionsText: (id, rows) => text(`${experiment(id)}/predict`, "text/csv", withRows(rows)),

    trial: (id) => json(trialDetailSchema, trial(id)),
    epochs: (id, thin = {}) => json(epochListSchema, `${trial(id)}/epochs${query({ ...thin })}`),

    workers: async () => (await json(workerListSchema, "/v1/workers")).workers,
    artifact: (sha256) => stream(`/v1/artifacts/${encodeURIComponent(sha256)}`),
    storeArtifact: (sha256, body) =>
      json(artifactViewSchema, `/v1/artifacts/${encodeURIComponent(sha256)}`, {
        method: "PUT",
        body,
        headers: { "content-type": "application/octet-stream" },
        timeLimit: "none",
      }),
    createKey: (body) => json(newKeySchema, "/v1/keys", withJson(body)),
    keys: async () => (await json(keyListSchema, "/v1/keys")).keys,
    revokeKey: (id) => json(keyViewSchema, `/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" }),
    serviceEvents: ({ topics, signal = never, onReconnect } = {}) =>
      serviceMessages({
        signal,
        lastEventId: null,
        ...(onReconnect ? { onReconnect } : {}),
        open: opened(`/v1/events${query({ topics: topics?.join(",") })}`),
      }),
    ready: () => json(readinessSchema, "/health/ready"),
    async live() {
      await request("/health/live");
      return true;
    },
  };
  return client;
}

function withRows(rows: RowsBody): RequestOptions {
  const isFile = "type" in rows;
  return {
    method: "POST",
    body: isFile ? rows.rows : JSON.stringify(rows),
    headers: { "content-type": isFile ? rows.type : "application/json" },
    timeLimit: "none",
  };
}

function bodyOf(response: Response, url: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (response.body === null) throw new ServiceUnreachable(url, "the answer has no bytes");
  return response.body;
}

/** Tries again where nobody answered or a proxy gave up, which says nothing of whether the request arrived. */
async function repeated<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      const lost = error instanceof ServiceUnreachable || (error instanceof RequestRefused && [502, 503, 504].includes(error.status));
      if (!lost || count === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * count));
    }
  }
}
