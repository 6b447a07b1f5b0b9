/** Every request that the page makes of the API, typed by the contract; errors arrive as the API's own problem documents. */

import type {
  AttemptList,
  DatasetView,
  DecisionList,
  EpochList,
  Evaluation,
  ExperimentEstimate,
  ExperimentItem,
  ExperimentLog,
  ExperimentRequest,
  ExperimentView,
  LearningCurve,
  PredictionsView,
  PredictRequest,
  Problem,
  ReplayRequest,
  ReplayView,
  ServiceTopic,
  TrialDetail,
  TrialTable,
  WorkerView,
} from "@rightsize/contract";
import { uploadForm } from "./upload-form.ts";

export interface PageOf<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/** An answer that is no success, with what a person needs to go on. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const keyName = "rightsize.key";
/** The API key of this tab, for services that ask for one. */
export const apiKey = {
  get: (): string | null => sessionStorage.getItem(keyName),
  set: (key: string) => sessionStorage.setItem(keyName, key),
};

/** Headers that every request carries. */
export function authorisation(): Record<string, string> {
  const key = apiKey.get();
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** A problem of our own making, in the API's form: the service could not be reached, or answered something unreadable. */
export function localProblem(title: string, detail: string, advice: string, status = 0): Problem {
  return { type: "about:rightsize/unreachable", title, status, detail, code: "unreachable", advice, instance: "", issues: [] };
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "title" in value && "detail" in value && "status" in value;
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (isProblem(body)) return { ...body, issues: body.issues ?? [], advice: body.advice ?? "" };
  return localProblem(
    `The service answered ${response.status}`,
    response.statusText || "It gave no further explanation.",
    "Try again; the service's log knows more.",
    response.status,
  );
}

/** A successful answer; throws an ApiProblem for any other, and where none comes. */
async function answered(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: "application/json", ...authorisation(), ...init.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiProblem(
      localProblem("The service can't be reached", "No answer came from the API.", "Check that `npm start` is running, then try again."),
    );
  }
  if (!response.ok) throw new ApiProblem(await problemOf(response));
  return response;
}

async function request<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  return (await (await answered(path, init)).json()) as Answer;
}

/** Any thrown value as a problem to show. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  return localProblem("Something went wrong on this page", error instanceof Error ? error.message : String(error), "Reload the page.");
}

const experimentPath = (id: string) => `/v1/experiments/${encodeURIComponent(id)}`;
const pageQuery = (cursor: string | null, limit: number) =>
  new URLSearchParams({ limit: String(limit), ...(cursor === null ? {} : { cursor }) }).toString();

const posted = (body: unknown): RequestInit => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});

export type ExperimentAction = "pause" | "resume" | "cancel";

export const api = {
  experiments: (cursor: string | null, filter: Readonly<Record<string, string>> = {}) => {
    // A short first page is quick to see; the following ones are long, so that thousands take few requests.
    const query = new URLSearchParams({ ...filter, limit: cursor === null ? "50" : "200", ...(cursor === null ? {} : { cursor }) });
    return request<PageOf<ExperimentItem>>(`/v1/experiments?${query}`);
  },
  experiment: (id: string) => request<ExperimentView>(experimentPath(id)),
  trials: (id: string) => request<TrialTable>(`${experimentPath(id)}/trials`),
  decisions: (id: string) => request<DecisionList>(`${experimentPath(id)}/decisions`),
  epochs: (trialId: string) => request<EpochList>(`/v1/trials/${encodeURIComponent(trialId)}/epochs`),
  trial: (trialId: string) => request<TrialDetail>(`/v1/trials/${encodeURIComponent(trialId)}`),
  act: (id: string, action: ExperimentAction) => request<unknown>(`${experimentPath(id)}/${action}`, { method: "POST" }),
  create: (body: ExperimentRequest, idempotencyKey: string) =>
    request<ExperimentView>("/v1/experiments", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
    }),
  replay: (id: string, body: ReplayRequest) => request<ReplayView>(`${experimentPath(id)}/replay`, posted(body)),
  learningCurve: (id: string) => request<LearningCurve>(`${experimentPath(id)}/learning-curve`),
  startLearningCurve: (id: string) => request<LearningCurve>(`${experimentPath(id)}/learning-curve`, { method: "POST" }),
  evaluation: (id: string) => request<Evaluation>(`${experimentPath(id)}/evaluation`),
  predict: (id: string, body: PredictRequest) => request<PredictionsView>(`${experimentPath(id)}/predict`, posted(body)),
  /** What an experiment would take; nothing is created. */
  estimate: (body: ExperimentRequest, signal?: AbortSignal) =>
    request<ExperimentEstimate>("/v1/experiments?dryRun=true", { ...posted(body), signal: signal ?? null }),
  attempts: (id: string) => request<AttemptList>(`${experimentPath(id)}/attempts`),
  log: (id: string, after: number) => request<ExperimentLog>(`${experimentPath(id)}/log?after=${after}&limit=1000`),
  usersOf: (dataset: string) => request<PageOf<ExperimentItem>>(`/v1/datasets/${encodeURIComponent(dataset)}/experiments?limit=20`),
  datasets: (cursor: string | null, signal?: AbortSignal) =>
    request<PageOf<DatasetView>>(`/v1/datasets?${pageQuery(cursor, 50)}`, { signal: signal ?? null }),
  dataset: (id: string) => request<DatasetView>(`/v1/datasets/${encodeURIComponent(id)}`),
  upload: (files: readonly File[]) => request<DatasetView>("/v1/datasets", { method: "POST", body: uploadForm(files) }),
  /** A file's bytes, with the key that a link would not carry. */
  file: async (path: string) => (await answered(path, { headers: { accept: "*/*" } })).blob(),
  workers: (signal?: AbortSignal) => request<{ workers: readonly WorkerView[] }>("/v1/workers", { signal: signal ?? null }),
  serviceEventsPath: (topic: ServiceTopic) => `/v1/events?topics=${topic}`,
  eventsPath: (id: string) => `${experimentPath(id)}/events`,
  experimentPath,
};
