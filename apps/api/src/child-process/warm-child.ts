/** Work outside the API's event loop: a warm child process with a deadline and a memory ceiling, one request at a time, replaced after a crash. */
import { type ChildProcess, fork } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type PlainError, RightsizeError } from "@rightsize/core";

/** To the child; `id` pairs an answer with its request. */
export interface RequestMessage<Request> {
  readonly id: number;
  readonly request: Request;
}
/** From the child. The first message is `ready`. */
export type ChildMessage<Result> =
  | { readonly kind: "ready" }
  | { readonly kind: "done"; readonly id: number; readonly result: Result }
  | { readonly kind: "failed"; readonly id: number; readonly error: PlainError };

/** Limits of a child, set by the service's configuration. */
export interface ChildLimits {
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

export interface WarmChildOptions extends ChildLimits {
  /** The child's module without its ending: TypeScript in development (through tsx), JavaScript in a build. */
  readonly module: URL;
  /** Start it now, so that the first request finds it warm; else with the first request. */
  readonly startNow: boolean;
  readonly words: {
    /** For example `the data process`. */
    readonly process: string;
    /** What takes too long or too much, for example `Working on this data`. */
    readonly work: string;
    /** What the client sent, for example `the file`. */
    readonly input: string;
    /** What is said when too many wait. */
    readonly crowded: string;
  };
}

export interface WarmChild<Request, Result> {
  /** Throws what the child says, `too_large` past a limit, `unavailable` when too many wait or the service stops. */
  ask(request: Request): Promise<Result>;
  /** Child processes started so far: more than one means crashes. */
  startCount(): number;
  close(): Promise<void>;
}

interface Job<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: RightsizeError) => void;
}

/** A child that isn't ready by then never will be. */
const startWithinMs = 60_000;

export function startWarmChild<Request, Result>(options: WarmChildOptions): WarmChild<Request, Result> {
  const { words } = options;
  const waiting: Job<Request, Result>[] = [];
  let current: { job: Job<Request, Result>; id: number; stopWatching: () => void } | null = null;
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
    const tooSlow = new RightsizeError("unavailable", `${sentence(words.process)} did not start in time.`);
    const startDeadline = setTimeout(() => kill(started, tooSlow), startWithinMs);
    started.on("message", (message: ChildMessage<Result>) => {
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

  function onMessage(message: ChildMessage<Result>): void {
    if (message.kind === "ready") ready = true;
    else if (current !== null && message.id === current.id) {
      settle((job) => (message.kind === "done" ? job.resolve(message.result) : job.reject(RightsizeError.fromPlain(message.error))));
    }
    next();
  }

  function settle(how: (job: Job<Request, Result>) => void): void {
    const ended = current;
    current = null;
    ended?.stopWatching();
    if (ended) how(ended.job);
  }

  function next(): void {
    if (current !== null || waiting.length === 0 || closed || verdict !== null) return;
    if (child === null) start();
    if (!ready) return;
    const job = waiting.shift() as Job<Request, Result>;
    const id = ++requests;
    const worker = child as ChildProcess;
    current = { job, id, stopWatching: watch(worker) };
    worker.send({ id, request: job.request } satisfies RequestMessage<Request> as object);
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
        new RightsizeError("too_large", `${words.work} took longer than ${options.timeoutMs / 1000} s.`, {
          issues: [{ where: words.input, received: "data that take longer", required: `at most ${options.timeoutMs / 1000} s of work` }],
        }),
      );
    }, options.timeoutMs);
    const memory = setInterval(async () => {
      const used = worker.pid === undefined ? null : await residentBytes(worker.pid);
      if (used !== null && used > options.memoryBytes) kill(worker, tooMuchMemory(options));
    }, 250);
    return () => {
      clearTimeout(deadline);
      clearInterval(memory);
    };
  }

  function crashed(code: number | null, signal: NodeJS.Signals | null): RightsizeError {
    if (closed) return new RightsizeError("unavailable", "The service is stopping.");
    // V8 aborts when its heap is full; the kernel's out-of-memory killer sends SIGKILL.
    if (signal === "SIGABRT" || signal === "SIGKILL" || code === 134) return tooMuchMemory(options);
    return new RightsizeError("internal", `${sentence(words.process)} ended unexpectedly (${signal ?? `code ${code}`}).`);
  }

  function ask(request: Request): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new RightsizeError("unavailable", "The service is stopping."));
      if (waiting.length >= (options.maxWaiting ?? 32)) {
        return reject(new RightsizeError("unavailable", words.crowded));
      }
      waiting.push({ request, resolve, reject });
      next();
    });
  }

  if (options.startNow) start();
  return {
    ask,
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

function forkChild(options: WarmChildOptions): ChildProcess {
  const fromSources = import.meta.url.endsWith(".ts");
  const loader = fromSources ? ["--conditions=source", "--import", createRequire(import.meta.url).resolve("tsx")] : [];
  const heapMegabytes = Math.max(64, Math.floor(options.memoryBytes / 2 ** 20));
  return fork(options.childPath ?? fileURLToPath(`${options.module.href}${fromSources ? ".ts" : ".js"}`), {
    execArgv: [...loader, `--max-old-space-size=${heapMegabytes}`],
    serialization: "advanced",
    env: options.environment ?? {},
    // Nothing of the child's may mix with what the API prints on its standard output.
    stdio: ["ignore", 2, 2, "ipc"],
  });
}

function tooMuchMemory({ memoryBytes, words }: WarmChildOptions): RightsizeError {
  const limit = `${Math.round(memoryBytes / 2 ** 20)} MB`;
  return new RightsizeError("too_large", `${words.work} needs more memory than the ${limit} that the service allows.`, {
    issues: [{ where: words.input, received: "data that need more memory", required: `data that fit into ${limit}` }],
  });
}

const sentence = (words: string) => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;

/** Resident memory of a process; null where it can't be known. */
async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const statm = await readFile(`/proc/${pid}/statm`, "utf8").catch(() => "");
  const pages = Number(statm.split(" ")[1]);
  return Number.isFinite(pages) && statm !== "" ? pages * 4096 : null;
}
