/** A stand-in for the service: plays stories in the contract's shapes behind the API's addresses, and serves the built page. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type DatasetView,
  datasetViewSchema,
  decisionListSchema,
  epochListSchema,
  epochsMessageSchema,
  eventViewSchema,
  experimentPageSchema,
  experimentRequestSchema,
  experimentViewSchema,
  type Problem,
  trialDetailSchema,
  trialTableSchema,
  type WorkerView,
  workerListSchema,
} from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { digits, titanic, wages } from "./datasets.ts";
import { evaluationOf, predictionOf } from "./mock-evaluation.ts";
import { createServiceStream, listPage, type ServiceStream } from "./mock-lists.ts";
import { attemptsOf, estimateOf, learningCurveOf, logOf } from "./mock-records.ts";
import { replayView } from "./mock-replay.ts";
import { Stage, type Step } from "./stage.ts";
import { courseStory } from "./stories.ts";

const pageFolder = join(dirname(fileURLToPath(import.meta.url)), "../../../apps/dashboard/dist");
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
/** As helmet sets it, without what a plain-http service must switch off. */
const securityPolicy =
  "default-src 'self';base-uri 'self';font-src 'self';form-action 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' 'unsafe-inline'";

export interface Play {
  readonly stage: Stage;
  /** Steps not yet taken. */
  readonly steps: Step[];
}

export interface MockService {
  readonly url: string;
  close(): Promise<void>;
  readonly plays: Map<string, Play>;
  /** Adds an experiment; its steps wait for `step` or `playAll`. */
  add(name: string, story: readonly Step[], options?: { dataset?: DatasetView; preset?: string; startedMs?: number }): Play;
  /** Takes the next steps of an experiment. */
  step(play: Play, steps?: number): void;
  playAll(play: Play, paceMs?: number): Promise<void>;
  /** Breaks every open stream, in the middle of a message; until `mend` is called new ones are refused with 503. */
  cut(): void;
  mend(): void;
  /** Last-Event-ID of every stream opened so far, in order. */
  readonly streamsOpened: string[];
  /** The stream of the whole service. */
  readonly serviceStream: ServiceStream;
  /** Paths asked for so far, GET only. */
  readonly asked: string[];
  readonly workers: WorkerView[];
  readonly datasets: DatasetView[];
  /** Answers these paths with a problem. */
  readonly failing: Map<string, Problem>;
}

export function problem(
  status: number,
  code: string,
  title: string,
  detail: string,
  advice: string,
  issues: Problem["issues"] = [],
): Problem {
  return { type: `about:rightsize/${code}`, title, status, detail, code, advice, instance: `req_${"4f6d3568".repeat(4)}`, issues };
}

export async function startMockService(): Promise<MockService> {
  const plays = new Map<string, Play>();
  const streams = new Set<ServerResponse>();
  const streamsOpened: string[] = [];
  const asked: string[] = [];
  const workers: WorkerView[] = [];
  const datasets: DatasetView[] = [wages, titanic, digits];
  const failing = new Map<string, Problem>();
  const serviceStream = createServiceStream();
  /** The experiment that trains each one's curve over rows, and how often the curve was read since it was asked for. */
  const learningCurves = new Map<Stage, { readonly id: string; readonly read: number }>();
  const unavailable = problem(503, "unavailable", "A part of the service can't be reached", "", "Try again in a moment.");
  let broken = false;
  let count = 0;

  const add: MockService["add"] = (name, story, { dataset = wages, preset = "course", startedMs = 0 } = {}) => {
    count += 1;
    const opened = Date.now();
    const stage = new Stage({
      id: `exp_mock${count}`,
      name,
      dataset: dataset.id,
      target: dataset.suggestedTarget ?? "",
      task: dataset.suggestedTask ?? "regression",
      preset,
      recipe: { maxEpochs: preset === "course" ? 20 : 400, patience: preset === "course" ? 2 : 20, loss: "auto" },
      plan: planOf(dataset),
      now: () => (startedMs === 0 ? Date.now() : startedMs + (Date.now() - opened)),
    });
    const play = { stage, steps: [...story] };
    stage.listeners.add({ event: () => serviceStream.changed(stage), epochs: () => {} });
    serviceStream.changed(stage);
    plays.set(stage.experiment.id, play);
    return play;
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      json(response, 500, problem(500, "internal", "The mock failed", error instanceof Error ? (error.stack ?? "") : String(error), ""));
    });
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://mock");
    const path = url.pathname;
    if (request.method === "GET") asked.push(path);
    const refused = failing.get(path) ?? (path.endsWith("/events") && broken ? unavailable : undefined);
    if (refused !== undefined) return json(response, refused.status, refused);
    if (!path.startsWith("/v1/")) return page(path, response);
    const [, , resource, id, part] = path.split("/");
    const play = id === undefined ? undefined : plays.get(id);
    if (resource === "experiments" && id === undefined) {
      if (request.method === "POST") return create(request, response, url.searchParams.get("dryRun") === "true");
      const stages = [...plays.values()].map((one) => one.stage);
      const items = listPage(stages, url.searchParams);
      // Of ten thousand experiments only the first page is checked against the contract.
      return json(response, 200, url.searchParams.has("cursor") ? items : experimentPageSchema.parse(items));
    }
    if (resource === "events") {
      return serviceStream.open(request, response, url.searchParams.get("topics") ?? "experiments,workers");
    }
    if (resource === "experiments" && play !== undefined) {
      const { stage } = play;
      if (part === undefined)
        return json(response, 200, experimentViewSchema.parse({ ...stage.experiment, learningCurve: learningCurves.has(stage) }));
      if (part === "trials") {
        const metric = stage.experiment.task === "classification" ? "Log loss" : "Mean squared error";
        return json(
          response,
          200,
          trialTableSchema.parse({ experimentId: id, state: stage.experiment.state, metric, trials: stage.trials }),
        );
      }
      if (part === "decisions") return json(response, 200, decisionListSchema.parse({ experimentId: id, decisions: stage.decisions }));
      if (part === "events") return stream(play, request, response);
      if (part === "learning-curve") {
        if (request.method === "GET" && !learningCurves.has(stage))
          return json(response, 404, problem(404, "not_found", "There is no such thing", "Nobody has asked for it.", ""));
        const curve = learningCurves.get(stage) ?? {
          read: 0,
          id: add(`${stage.experiment.name}, on fewer rows`, courseStory()).stage.experiment.id,
        };
        learningCurves.set(stage, { ...curve, read: curve.read + 1 });
        return json(response, 200, learningCurveOf(stage, curve.id, curve.read + 1));
      }
      if (part === "report") return json(response, 200, "# A report");
      if (part === "attempts") return json(response, 200, attemptsOf(stage, workers[0]?.id));
      if (part === "log") return json(response, 200, logOf(stage, workers[0]?.id, Number(url.searchParams.get("after"))));
      if (part === "evaluation") return json(response, 200, evaluationOf(stage, stage.experiment.dataset === digits.id));
      if (part === "predict") return json(response, 200, predictionOf(stage, JSON.parse((await bodyOf(request)).toString())));
      if (part === "replay") return json(response, 200, replayView(stage, JSON.parse((await bodyOf(request)).toString())));
      if (part === "pause") stage.state("PAUSED", "Paused by its owner.");
      if (part === "resume") stage.state("RUNNING");
      if (part === "cancel") stage.state("CANCELLED", "Cancelled by its owner.");
      return json(response, 200, stage.experiment);
    }
    if (resource === "trials") {
      for (const { stage } of plays.values()) {
        const trial = stage.trials.find((candidate) => candidate.id === id);
        if (trial === undefined) continue;
        if (part === undefined)
          return json(
            response,
            200,
            trialDetailSchema.parse({
              ...trial,
              experimentId: stage.experiment.id,
              speculative: false,
              attempts: stage.attempts(trial, workers[0]?.id),
            }),
          );
        const runs = trial.runs.map((run) => ({
          runId: run.id,
          seed: run.seed,
          fold: run.fold,
          learningRate: run.learningRate,
          epochs: stage.epochs.get(run.id) ?? [],
        }));
        return json(response, 200, epochListSchema.parse({ trialId: id, runs }));
      }
    }
    if (resource === "datasets" && id === undefined) {
      if (request.method !== "POST") return json(response, 200, { items: datasets, cursor: null });
      const body = (await bodyOf(request)).toString("latin1");
      const name = /filename="([^"]*)"/.exec(body)?.[1] ?? "";
      if (name.endsWith(".csv")) return json(response, 201, datasetViewSchema.parse(wages));
      return json(
        response,
        422,
        problem(
          422,
          "unreadable_data",
          "The file can't be read as a table",
          `${name} has a row with another number of cells.`,
          "Correct the named row and column.",
          [{ where: "row 7, column price", received: "5 cells", required: "6 cells" }],
        ),
      );
    }
    const dataset = datasets.find((candidate) => candidate.id === id);
    if (resource === "datasets" && dataset !== undefined && part === "experiments") {
      const users = [...plays.values()].map((one) => one.stage).filter(({ experiment }) => experiment.dataset === dataset.id);
      return json(response, 200, experimentPageSchema.parse(listPage(users, url.searchParams)));
    }
    if (resource === "datasets" && dataset !== undefined) return json(response, 200, datasetViewSchema.parse(dataset));
    if (resource === "workers") return json(response, 200, workerListSchema.parse({ workers }));
    json(
      response,
      404,
      problem(404, "not_found", "There is no such thing", `Nothing is stored under ${path}.`, "Check the id; lists show what exists."),
    );
  }

  async function create(request: IncomingMessage, response: ServerResponse, dryRun: boolean): Promise<void> {
    const parsed = experimentRequestSchema.safeParse(JSON.parse((await bodyOf(request)).toString()));
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => ({
        where: `/${issue.path.join("/")}`,
        received: String(issue.input ?? "something else"),
        required: issue.message,
      }));
      return json(
        response,
        422,
        problem(
          422,
          "invalid_request",
          "The request asks for something that can't be",
          "Some fields are outside what is possible.",
          "Correct the named fields and send it again.",
          issues,
        ),
      );
    }
    if (dryRun) return json(response, 200, estimateOf(planOf(datasets.find(({ id }) => id === parsed.data.dataset) ?? wages)));
    const play = add(parsed.data.name ?? `${parsed.data.target} from hourly_wages.csv`, courseStory());
    json(response, 201, play.stage.experiment);
  }

  function stream({ stage }: Play, request: IncomingMessage, response: ServerResponse): void {
    const last = String(request.headers["last-event-id"] ?? "");
    streamsOpened.push(last);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": hello\n\n");
    const listener = {
      event: (event: Stage["events"][number]) => {
        response.write(`id: ${event.sequence}\nevent: ${event.kind}\ndata: ${JSON.stringify(eventViewSchema.parse(event))}\n\n`);
        if (event.kind === "experiment.state" && isTerminal("experiment", stage.experiment.state)) response.end();
      },
      epochs: (message: unknown) => response.write(`event: epochs\ndata: ${JSON.stringify(epochsMessageSchema.parse(message))}\n\n`),
    };
    for (const event of stage.events.filter((candidate) => candidate.sequence > Number(last))) listener.event(event);
    for (const trial of stage.trials)
      for (const run of trial.runs)
        if (run.state === "RUNNING" && (stage.epochs.get(run.id)?.length ?? 0) > 0)
          listener.epochs({ runId: run.id, trialId: trial.id, epochs: stage.epochs.get(run.id) });
    stage.listeners.add(listener);
    streams.add(response);
    response.on("close", () => {
      stage.listeners.delete(listener);
      streams.delete(response);
    });
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const step: MockService["step"] = (play, steps = 1) => {
    for (const take of play.steps.splice(0, steps)) take(play.stage);
  };
  return {
    url,
    plays,
    add,
    step,
    async playAll(play, paceMs = 0) {
      while (play.steps.length > 0) {
        step(play);
        if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
      }
    },
    cut() {
      broken = true;
      serviceStream.cut();
      for (const response of streams) {
        response.write('id: 9999\nevent: decision.made\ndata: {"sequence":9999,"ki');
        response.destroy();
      }
    },
    mend() {
      broken = false;
    },
    streamsOpened,
    serviceStream,
    asked,
    workers,
    datasets,
    failing,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What the API would plan for a dataset's suggested question. */
function planOf(dataset: DatasetView): Play["stage"]["experiment"]["plan"] {
  const classification = dataset.suggestedTask === "classification";
  const inputs = dataset.columns.length - 1;
  return {
    inputs,
    outputs: classification ? (dataset === digits ? 10 : 2) : 1,
    trainingRows: Math.round(dataset.rowCount * 0.56),
    validationRows: Math.round(dataset.rowCount * 0.24),
    testRows: Math.round(dataset.rowCount * 0.2),
    folds: 1,
    leftOut: dataset.columns
      .filter((column) => column.warnings.includes("identifier"))
      .map((column) => ({
        name: column.name,
        reason: "Every row has another value: it identifies rows and says nothing about the target.",
      })),
    featureColumns: dataset.columns
      .filter((column) => column.name !== dataset.suggestedTarget && !column.warnings.includes("identifier"))
      .map((column) => column.name),
    droppedRows: 0,
    classes: classification ? Array.from({ length: dataset === digits ? 10 : 2 }, (_, index) => String(index)) : [],
    targetDeviation: classification ? 1 : 3,
    warnings: [],
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** A file of the built page, or the page itself for any other address. */
async function page(path: string, response: ServerResponse): Promise<void> {
  const wanted = normalize(join(pageFolder, path));
  const file = extname(path) === "" || !wanted.startsWith(pageFolder) ? join(pageFolder, "index.html") : wanted;
  try {
    const bytes = await readFile(file);
    response.writeHead(200, {
      "content-type": types[extname(file)] ?? "application/octet-stream",
      "content-security-policy": securityPolicy,
    });
    response.end(bytes);
  } catch {
    json(response, 404, problem(404, "not_found", "There is no such thing", `There is no file ${path}.`, ""));
  }
}

/** A worker as the API would list it. */
export function worker(machine: string, more: Partial<WorkerView> = {}): WorkerView {
  return {
    id: `wrk_${randomUUID().replaceAll("-", "")}`,
    machine,
    processId: 4711,
    slots: 4,
    engines: ["onnx"],
    fingerprint: "onnxruntime-node 1.30.0 cpu avx2 threads 1 node 20.20.2",
    device: "cpu, 4 cores",
    memoryBytes: 16e9,
    startedAt: new Date(Date.now() - 3_840_000).toISOString(),
    lastSeenAt: new Date(Date.now() - 2_000).toISOString(),
    live: true,
    running: [],
    recent: { minutes: 5, runs: 42, epochs: 5120, epochsPerSecond: 63.2, workPerSecond: 2.1e9 },
    ...more,
  };
}
