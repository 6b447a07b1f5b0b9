/** A typed client of the REST API: every answer is checked against the contract. */
import {
  type DatasetView,
  type DecisionList,
  datasetPageSchema,
  datasetViewSchema,
  decisionListSchema,
  type ExperimentRequest,
  type ExperimentView,
  experimentPageSchema,
  experimentViewSchema,
  type KeyRequest,
  type KeyView,
  keyListSchema,
  keyViewSchema,
  type NewKeyView,
  newKeySchema,
  type PredictionsView,
  predictionsSchema,
  type TrialTable,
  trialTableSchema,
  type WorkerView,
  workerListSchema,
} from "@rightsize/contract";
import type { z } from "zod";
import { CliError } from "../errors.ts";
import { type StreamMessage, streamEvents } from "./events.ts";
import { refusal, unreachable } from "./problem.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

export interface Client {
  readonly url: string;
  /** Uploads a file's bytes as they are. The same bytes again are the same dataset. */
  uploadDataset(file: { readonly name: string; readonly bytes: Blob }): Promise<DatasetView>;
  dataset(id: string): Promise<DatasetView>;
  datasets(limit: number, cursor?: string): Promise<Page<DatasetView>>;
  /** With a key, a repeated request gives the first one's experiment. */
  createExperiment(request: ExperimentRequest, idempotencyKey?: string): Promise<ExperimentView>;
  experiment(id: string): Promise<ExperimentView>;
  experiments(limit: number, cursor?: string): Promise<Page<ExperimentView>>;
  trials(id: string): Promise<TrialTable>;
  /** The trial table as the service writes it for people (Markdown) or spreadsheets (CSV). */
  trialsText(id: string, format: "markdown" | "csv"): Promise<string>;
  decisions(id: string): Promise<DecisionList>;
  predictions(id: string, body: RowsBody): Promise<PredictionsView>;
  /** The predictions as CSV with a header. */
  predictionsText(id: string, body: RowsBody): Promise<string>;
  /** The delivered model's bundle as it streams in, and its hash as the service names it. */
  model(id: string): Promise<{ readonly bytes: ReadableStream<Uint8Array>; readonly sha256: string | null }>;
  workers(): Promise<readonly WorkerView[]>;
  cancel(id: string): Promise<void>;
  /** The answer holds the key itself, this once. Needs a key of scope admin, once there is one. */
  createKey(request: KeyRequest): Promise<NewKeyView>;
  keys(): Promise<readonly KeyView[]>;
  revokeKey(id: string): Promise<KeyView>;
  /** Batches of an experiment's events, live, without a gap over broken connections; ends only with `signal` or an error. */
  events(id: string, options: EventOptions): AsyncGenerator<readonly StreamMessage[], void, void>;
}

/** Rows to predict for, as a file holds them. */
export interface RowsBody {
  readonly type: "text/csv" | "application/json";
  readonly rows: Blob;
}

export interface EventOptions {
  readonly signal: AbortSignal;
  /** Start after this event; 0 is from the beginning. */
  readonly afterSequence?: number;
  /** Called when the connection broke and is made again. */
  readonly onReconnect?: () => void;
}

export interface ClientOptions {
  readonly url: string;
  readonly key?: string | null;
  readonly fetch?: typeof globalThis.fetch;
  /** Aborts every request. */
  readonly signal?: AbortSignal;
}

/** How long one request may take, in milliseconds; uploads and streams have no limit. */
const requestTimeoutMs = 60_000;

export function createClient(options: ClientOptions): Client {
  const url = options.url.replace(/\/+$/, "");
  const send = options.fetch ?? globalThis.fetch;
  const authorization: Record<string, string> = options.key ? { authorization: `Bearer ${options.key}` } : {};

  const request = async (path: string, init: RequestInit & { timeoutMs?: number } = {}): Promise<Response> => {
    const signals = [options.signal, init.signal, timeoutSignal(init.timeoutMs ?? requestTimeoutMs)].filter((signal) => signal != null);
    const response = await send(`${url}${path}`, {
      ...init,
      headers: { ...authorization, ...(init.headers as Record<string, string> | undefined) },
      signal: AbortSignal.any(signals),
    }).catch((error: unknown) => {
      throw options.signal?.aborted ? options.signal.reason : unreachable(url, error);
    });
    if (!response.ok) throw await refusal(response);
    return response;
  };
  const json = async <Schema extends z.ZodType>(schema: Schema, path: string, init?: RequestInit): Promise<z.output<Schema>> =>
    checked(schema, path, await (await request(path, { ...init, headers: { accept: "application/json", ...init?.headers } })).json());
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const rowsInit = ({ type, rows }: RowsBody) => ({
    method: "POST",
    body: rows,
    headers: { "content-type": type },
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  const page = (limit: number, cursor?: string) => `limit=${limit}${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
  const one = (id: string) => `/v1/experiments/${encodeURIComponent(id)}`;

  return {
    url,
    async uploadDataset({ name, bytes }) {
      const path = `/v1/datasets?name=${encodeURIComponent(name)}`;
      const headers = { "content-type": "application/octet-stream" };
      const response = await request(path, { method: "POST", body: bytes, headers, timeoutMs: Number.POSITIVE_INFINITY });
      return checked(datasetViewSchema, "/v1/datasets", await response.json());
    },
    dataset: (id) => json(datasetViewSchema, `/v1/datasets/${encodeURIComponent(id)}`),
    datasets: (limit, cursor) => json(datasetPageSchema, `/v1/datasets?${page(limit, cursor)}`),
    createExperiment: (body, idempotencyKey) =>
      json(experimentViewSchema, "/v1/experiments", post(body, idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey })),
    experiment: (id) => json(experimentViewSchema, one(id)),
    experiments: (limit, cursor) => json(experimentPageSchema, `/v1/experiments?${page(limit, cursor)}`),
    trials: (id) => json(trialTableSchema, `${one(id)}/trials`),
    async trialsText(id, format) {
      const response = await request(`${one(id)}/trials`, { headers: { accept: `text/${format}` } });
      return response.text();
    },
    decisions: (id) => json(decisionListSchema, `${one(id)}/decisions`),
    predictions: (id, body) => json(predictionsSchema, `${one(id)}/predict`, rowsInit(body)),
    async predictionsText(id, body) {
      const { headers, ...init } = rowsInit(body);
      const response = await request(`${one(id)}/predict`, { ...init, headers: { ...headers, accept: "text/csv" } });
      return response.text();
    },
    async model(id) {
      const response = await request(`${one(id)}/model`, { timeoutMs: Number.POSITIVE_INFINITY });
      if (response.body === null) throw new CliError("The service answered without the model's bytes.");
      return { bytes: response.body, sha256: /[0-9a-f]{64}/.exec(response.headers.get("etag") ?? "")?.[0] ?? null };
    },
    workers: async () => (await json(workerListSchema, "/v1/workers")).workers,
    createKey: (body) => json(newKeySchema, "/v1/keys", post(body)),
    keys: async () => (await json(keyListSchema, "/v1/keys")).keys,
    revokeKey: (id) => json(keyViewSchema, `/v1/keys/${encodeURIComponent(id)}`, { method: "DELETE" }),
    async cancel(id) {
      await request(`${one(id)}/cancel`, { method: "POST" });
    },
    events: (id, { signal, afterSequence = 0, onReconnect }) =>
      streamEvents({
        signal,
        afterSequence,
        ...(onReconnect ? { onReconnect } : {}),
        open: (lastEventId, connection) =>
          request(`${one(id)}/events`, {
            headers: { accept: "text/event-stream", ...(lastEventId === null ? {} : { "last-event-id": lastEventId }) },
            signal: connection,
            timeoutMs: Number.POSITIVE_INFINITY,
          }),
      }),
  };
}

function timeoutSignal(milliseconds: number): AbortSignal | null {
  return Number.isFinite(milliseconds) ? AbortSignal.timeout(milliseconds) : null;
}

function checked<Schema extends z.ZodType>(schema: Schema, path: string, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? "" : ` (${issue.path.join(".")}: ${issue.message})`;
  throw new CliError(`The answer to ${path} isn't what this version of the command line knows${where}. Are both of the same version?`);
}
