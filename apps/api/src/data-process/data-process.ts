/** Data work outside the API's event loop: a warm child process with a deadline and a memory ceiling, replaced after a crash. */
import { type ChildProcess, fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { RightsizeError } from "@rightsize/core";
import type { ChildMessage, DataRequest, PlanRequest, PlanSummary, ReadTableRequest, TableSummary } from "./protocol.ts";

export interface DataProcess {
  /** Reads a file into columns at `outputPath`. Throws `unreadable_data`, `unsupported_format`, `too_large`, `unavailable`. */
  readTable(request: Omit<ReadTableRequest, "kind">): Promise<TableSummary>;
  /** Plans an experiment; the plan's bytes are at `outputPath` afterwards. Throws `unusable_data` and the like. */
  planExperiment(request: Omit<PlanRequest, "kind">): Promise<PlanSummary>;
  /** Child processes started so far, for /metrics: more than one means crashes. */
  startCount(): number;
  close(): Promise<void>;
}

export interface DataProcessOptions {
  readonly timeoutMs: number;
  /** Memory ceiling of the child, heap and native together (the latter is watched on Linux only). */
  readonly memoryBytes: number;
  /** Requests that may wait; more are refused as `unavailable`. */
  readonly maxWaiting?: number;
  /** The child's environment; it needs nothing of the service's secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Another child, for tests. */
  readonly childPath?: string;
}

interface Job {
  readonly request: DataRequest;
  readonly resolve: (result: TableSummary | PlanSummary) => void;
  readonly reject: (error: RightsizeError) => void;
}

/** A child that isn't ready by then never will be. */
const startWithinMs = 60_000;

/** Starts the child at once, so that the first upload finds it warm. */
export function startDataProcess(options: DataProcessOptions): DataProcess {
  const waiting: Job[] = [];
  let current: { job: Job; id: number; stopWatching: () => void } | null = null;
  let child: ChildProcess | null = null;
  /** Only a child that said so is given work: the time it takes to start is no part of a job's. */
  let ready = false;
  let starts = 0;
  let requests = 0;
  let closed = false;
  /** Why we killed the child ourselves; until its exit nothing is given to it. */
  let verdict: RightsizeError | null = null;

  function start(): void {
    starts += 1;
    ready = false;
    const started = forkChild(options);
    child = started;
    const tooSlow = new RightsizeError("unavailable", "The data process did not start in time.");
    const startDeadline = setTimeout(() => kill(started, tooSlow), startWithinMs);
    started.on("message", (message: ChildMessage) => {
      clearTimeout(startDeadline);
      onMessage(message);
    });
    started.on("error", () => started.kill("SIGKILL"));
    started.once("exit", (code, signal) => {
      clearTimeout(startDeadline);
      child = null;
      const reason = verdict ?? crashed(code, signal);
      verdict = null;
      settle((job) => job.reject(reason));
      // A child that can't even start would be started forever: whoever waits for it hears why.
      if (!ready) for (const job of waiting.splice(0)) job.reject(reason);
      next();
    });
  }

  function onMessage(message: ChildMessage): void {
    if (message.kind === "ready") ready = true;
    else if (current !== null && message.id === current.id) {
      settle((job) => (message.kind === "done" ? job.resolve(message.result) : job.reject(RightsizeError.fromPlain(message.error))));
    }
    next();
  }

  function settle(how: (job: Job) => void): void {
    const ended = current;
    current = null;
    ended?.stopWatching();
    if (ended) how(ended.job);
  }

  function next(): void {
    if (current !== null || waiting.length === 0 || closed || verdict !== null) return;
    if (child === null) start();
    if (!ready) return;
    const job = waiting.shift() as Job;
    const id = ++requests;
    const worker = child as ChildProcess;
    current = { job, id, stopWatching: watch(worker) };
    worker.send({ id, request: job.request });
  }

  /** Does nothing to a child that has ended meanwhile: its exit would never come, and nothing would ever be given again. */
  function kill(which: ChildProcess, reason: RightsizeError): void {
    if (verdict !== null || child !== which) return;
    verdict = reason;
    which.kill("SIGKILL");
  }

  /** Ends the child when the job takes too long or too much memory. */
  function watch(worker: ChildProcess): () => void {
    const deadline = setTimeout(() => {
      kill(
        worker,
        new RightsizeError("too_large", `Working on this data took longer than ${options.timeoutMs / 1000} s.`, {
          issues: [{ where: "the file", received: "data that take longer", required: `at most ${options.timeoutMs / 1000} s of work` }],
        }),
      );
    }, options.timeoutMs);
    const memory = setInterval(async () => {
      const used = worker.pid === undefined ? null : await residentBytes(worker.pid);
      if (used !== null && used > options.memoryBytes) kill(worker, tooMuchMemory(options.memoryBytes));
    }, 250);
    return () => {
      clearTimeout(deadline);
      clearInterval(memory);
    };
  }

  function crashed(code: number | null, signal: NodeJS.Signals | null): RightsizeError {
    if (closed) return new RightsizeError("unavailable", "The service is stopping.");
    // V8 aborts when its heap is full; the kernel's out-of-memory killer sends SIGKILL.
    if (signal === "SIGABRT" || signal === "SIGKILL" || code === 134) return tooMuchMemory(options.memoryBytes);
    return new RightsizeError("internal", `The data process ended unexpectedly (${signal ?? `code ${code}`}).`);
  }

  function ask(request: DataRequest): Promise<TableSummary | PlanSummary> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new RightsizeError("unavailable", "The service is stopping."));
      if (waiting.length >= (options.maxWaiting ?? 32)) {
        return reject(new RightsizeError("unavailable", "Too many files are waiting to be read."));
      }
      waiting.push({ request, resolve, reject });
      next();
    });
  }

  start();
  return {
    readTable: (request) => ask({ kind: "read_table", ...request }) as Promise<TableSummary>,
    planExperiment: (request) => ask({ kind: "plan_experiment", ...request }) as Promise<PlanSummary>,
    startCount: () => starts,
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) job.reject(new RightsizeError("unavailable", "The service is stopping."));
      const ending = child;
      if (ending === null) return;
      await new Promise<void>((resolve) => {
        ending.once("exit", () => resolve());
        ending.kill("SIGKILL");
      });
    },
  };
}

/** The child is TypeScript in development (through tsx) and JavaScript in a build. */
function forkChild(options: DataProcessOptions): ChildProcess {
  const fromSources = import.meta.url.endsWith(".ts");
  const loader = fromSources ? ["--conditions=source", "--import", createRequire(import.meta.url).resolve("tsx")] : [];
  const heapMegabytes = Math.max(64, Math.floor(options.memoryBytes / 2 ** 20));
  return fork(options.childPath ?? fileURLToPath(new URL(fromSources ? "./child.ts" : "./child.js", import.meta.url)), {
    execArgv: [...loader, `--max-old-space-size=${heapMegabytes}`],
    serialization: "advanced",
    env: options.environment ?? {},
    // Nothing of the child's may mix with what the API prints on its standard output.
    stdio: ["ignore", 2, 2, "ipc"],
  });
}

function tooMuchMemory(memoryBytes: number): RightsizeError {
  const limit = `${Math.round(memoryBytes / 2 ** 20)} MB`;
  return new RightsizeError("too_large", `Working on this data needs more memory than the ${limit} that the service allows.`, {
    issues: [{ where: "the file", received: "data that need more memory", required: `data that fit into ${limit}` }],
  });
}

/** Resident memory of a process; null where it can't be known. */
async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const statm = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "");
  const pages = Number(statm.split(" ")[1]);
  return Number.isFinite(pages) && statm !== "" ? pages * 4096 : null;
}
