/** What happened to an experiment as lines for people: its events as sentences, with the attempts and workers behind them. */
import type { LogLine } from "@rightsize/contract";
import type { Attempt, ExperimentEvent, ExperimentSnapshot, Run, WorkerRecord } from "@rightsize/core";
import { counted } from "../report/numbers.ts";

export interface LogSources {
  readonly snapshot: ExperimentSnapshot;
  readonly events: readonly ExperimentEvent[];
  readonly attempts: readonly Attempt[];
  /** Those that are known still; one that left is told by its id alone. */
  readonly workers: readonly WorkerRecord[];
}

/** A line an event, in the order of events. */
export function logLines({ snapshot, events, attempts, workers }: LogSources): LogLine[] {
  const runs = new Map<string, Run>(snapshot.runs.map((run) => [run.id, run]));
  const attemptsByKey = new Map(attempts.map((attempt) => [`${attempt.assignmentId} ${attempt.number}`, attempt]));
  const workersById = new Map<string, WorkerRecord>(workers.map((worker) => [worker.id, worker]));
  return events.map((event) => {
    const data = factsOf(event);
    const run = data.runId === null ? undefined : runs.get(data.runId);
    const attempt = run === undefined || data.attempt === null ? undefined : attemptsByKey.get(`${run.assignmentId} ${data.attempt}`);
    const worker = attempt === undefined ? undefined : workersById.get(attempt.workerId);
    const { level, message } = sentence(event, data, { snapshot, run, attempt, worker });
    return {
      sequence: event.sequence,
      time: event.createdAt,
      level,
      kind: event.kind,
      message: closed(withoutSecrets(message)),
      trial: data.trial,
      runId: data.runId,
      attempt:
        attempt === undefined
          ? null
          : {
              ...attempt,
              detail: attempt.detail === null ? null : withoutSecrets(attempt.detail),
              machine: worker?.machine ?? null,
              device: worker?.device ?? null,
            },
    };
  });
}

/** A line as text: time, level and sentence. */
export function logText(lines: readonly LogLine[]): string {
  return lines.map(({ time, level, message }) => `${time} ${level.padEnd(5)} ${message.replaceAll(/\s+/g, " ")}\n`).join("");
}

/** The members of events that lines speak of; an event of another version may lack any of them. */
interface Facts {
  readonly trial: number | null;
  readonly runId: string | null;
  readonly purpose: string;
  readonly attempt: number | null;
  readonly end: string;
  readonly state: string;
  readonly reason: string;
  readonly detail: string;
  readonly action: string;
  readonly number: number | null;
  readonly epochs: number | null;
  readonly validationLoss: number | null;
  readonly score: number | null;
  readonly runs: number | null;
  readonly capacity: string;
  readonly text: string;
}

function factsOf({ data }: ExperimentEvent): Facts {
  const text = (name: string) => (typeof data[name] === "string" ? data[name] : "");
  const number = (name: string) => (typeof data[name] === "number" ? data[name] : null);
  return {
    trial: number("trial") ?? number("number"),
    runId: text("runId") || null,
    purpose: text("purpose"),
    attempt: number("attempt"),
    end: text("end"),
    state: text("state"),
    reason: text("reason"),
    detail: text("detail"),
    action: text("action"),
    number: number("sequence"),
    epochs: number("epochs"),
    validationLoss: number("validationLoss"),
    score: number("score"),
    runs: number("runs"),
    capacity: text("capacity"),
    text: text("sentence"),
  };
}

interface Behind {
  readonly snapshot: ExperimentSnapshot;
  readonly run: Run | undefined;
  readonly attempt: Attempt | undefined;
  readonly worker: WorkerRecord | undefined;
}

const info = (message: string) => ({ level: "info", message }) as const;
const warn = (message: string) => ({ level: "warn", message }) as const;
const failed = (message: string) => ({ level: "error", message }) as const;

function sentence({ kind }: ExperimentEvent, data: Facts, behind: Behind): Pick<LogLine, "level" | "message"> {
  switch (kind) {
    case "experiment.created": {
      const { spec } = behind.snapshot.experiment;
      return info(
        `Asked: the right size of a network for ${spec.target} (${spec.task}, preset ${spec.search.preset}, engine ${spec.engine.name}).`,
      );
    }
    case "experiment.state":
      return stateLine(data);
    case "trial.started":
      return info(`Trial ${data.trial ?? "?"} begins: ${sizeOf(data, behind)}.`);
    case "trial.completed":
      return data.score === null
        ? warn(`Trial ${data.trial ?? "?"} has no score: none of its runs could be trained.`)
        : info(`Trial ${data.trial ?? "?"} has the score ${short(data.score)} (${counted(data.runs ?? 1, "run")}).`);
    case "trial.failed":
      return failed(`Trial ${data.trial ?? "?"} failed: ${data.reason || "no reason was recorded"}`);
    case "run.started":
      return info(`${runName(data, behind)} begins${placeOf(data, behind)}.`);
    case "run.requeued":
      return requeued(data, behind);
    case "run.ended":
      return endLine(data, behind);
    case "decision.made":
      return info(`Decision ${data.number ?? "?"}, ${actionWords[data.action] ?? data.action}: ${data.reason}`);
    case "answer.ready":
      return info(`The answer: ${data.text || "nothing could be trained."}`);
    default:
      return kind satisfies never;
  }
}

const actionWords: Readonly<Record<string, string>> = {
  START_TRIAL: "a new trial",
  ADD_RUNS: "more runs",
  CHANGE_RECIPE: "another recipe",
  FINISH: "the end",
};

function stateLine({ state, reason }: Facts): Pick<LogLine, "level" | "message"> {
  const because = reason === "" ? "." : `: ${reason}`;
  if (state === "FAILED") return failed(`The experiment failed${because}`);
  if (state === "PAUSED" || state === "CANCELLED") return warn(`The experiment is ${state}${because}`);
  return info(`The experiment is ${state}${because}`);
}

function requeued(data: Facts, behind: Behind): Pick<LogLine, "level" | "message"> {
  const what: Readonly<Record<string, string>> = {
    crashed: "crashed",
    lease_lost: "lost its lease (nothing was heard of its worker in time)",
    released: "was given back by its worker",
  };
  const detail = data.detail === "" ? "" : `: ${data.detail}`;
  const told = `${runName(data, behind)}: attempt ${data.attempt ?? "?"}${workerOf(behind)} ${what[data.end] ?? `ended (${data.end})`}${detail}`;
  const message = `${closed(told)} It waits to be trained again.`;
  return data.end === "released" ? info(message) : warn(message);
}

function endLine(data: Facts, behind: Behind): Pick<LogLine, "level" | "message"> {
  const name = runName(data, behind);
  const after = data.epochs === null || data.epochs === 0 ? "" : ` after ${counted(data.epochs, "epoch")}`;
  const reused = behind.run?.reusedFrom == null ? "" : `, its result taken from run ${behind.run.reusedFrom}`;
  switch (data.state) {
    case "COMPLETED":
      return info(
        `${name} ended${after}${data.validationLoss === null ? "" : `, validation loss ${short(data.validationLoss)}`}${reused}.`,
      );
    case "DIVERGED":
      return warn(`${name} diverged${after}${data.reason === "" ? "." : `: ${data.reason}`}`);
    case "STOPPED":
      return warn(`${name} was stopped${after}: ${data.reason || "no reason was recorded"}`);
    case "FAILED":
      return failed(`${name} failed: ${data.reason || "no reason was recorded"}`);
    default:
      return info(`${name} ended as ${data.state}${after}.`);
  }
}

const purposeWords: Readonly<Record<string, string>> = {
  fit: "a fit",
  finals: "a fit of the finals",
  probe: "a probe of a learning rate",
  baseline: "a baseline",
  finalise: "the final scoring",
};

/** For example `Trial 3, a fit (seed 1, fold 0, learning rate 0.01)`. */
function runName({ trial, purpose }: Facts, { run }: Behind): string {
  const what = `Trial ${trial ?? "?"}, ${purposeWords[purpose] ?? purpose}`;
  if (run === undefined || purpose === "finalise") return what;
  const cut = run.maxEpochs === undefined ? "" : `, at most ${counted(run.maxEpochs, "epoch")}`;
  return `${what} (seed ${run.seed}, fold ${run.fold}, learning rate ${short(run.learningRate)}${cut})`;
}

function placeOf(data: Facts, behind: Behind): string {
  return `, attempt ${data.attempt ?? "?"}${workerOf(behind)}`;
}

function workerOf({ attempt, worker }: Behind): string {
  if (attempt === undefined) return "";
  return ` of worker ${attempt.workerId}${worker === undefined ? "" : ` (${worker.machine}, ${worker.device})`}`;
}

function sizeOf(data: Facts, { snapshot }: Behind): string {
  const trial = snapshot.trials.find(({ number }) => number === data.trial);
  if (trial === undefined) return data.capacity;
  const { hiddenLayers, nodesPerLayer } = trial.capacity;
  return hiddenLayers === 0 ? "a linear model" : `${counted(hiddenLayers, "hidden layer")} of ${counted(nodesPerLayer, "node")}`;
}

const short = (value: number) => String(Number(value.toPrecision(4)));
const closed = (message: string) => (/[.!?…]$/.test(message) ? message : `${message}.`);

/** Causes are texts of drivers and processes: passwords in addresses, keys and tokens are cut out of them. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(/\/\/[^\s/@]*@/g, "//…@")
    .replaceAll(/rsk_[0-9a-f]+_[0-9a-z]+/gi, "rsk_…")
    .replaceAll(/\b(bearer)\s+\S+/gi, "$1 …")
    .replaceAll(/\b(password|passwd|secret|token|api[-_]?key)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)/gi, "$1$2…");
}
