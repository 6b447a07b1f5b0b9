/** A child process that is kept alive: started, watched until it says it is ready, started again when it dies, ended with its group. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { CliError } from "../errors.ts";
import { endGroup } from "./claim-data-folder.ts";

const readyMessageSchema = z.object({ kind: z.literal("ready"), url: z.string().optional() });
type ReadyMessage = z.infer<typeof readyMessageSchema>;

const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** A child that lived this long is forgiven its earlier deaths. */
const steadyAfterMs = 30_000;

export interface ChildOptions {
  /** For people and for the log file's name: `api`, `worker`. */
  readonly name: string;
  /** Absolute path of the script that node runs, and what stands before it. */
  readonly script: string;
  readonly nodeArguments?: readonly string[];
  /** The environment of each start; a function, because a restart may need what the first start found out (its port). */
  readonly environment: () => Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** A file that its output is appended to; null shows it on our own terminal. */
  readonly logFile: string | null;
  readonly readyTimeoutMs: number;
  /** Called with the process number at every start. */
  readonly onStart?: (pid: number) => void;
  /** Called once, before it is ready: from then on it must be stopped. */
  readonly onSupervise?: (child: SupervisedChild) => void;
  /** Says what happened, in a sentence. */
  readonly say: (text: string) => void;
}

export interface SupervisedChild {
  readonly name: string;
  /** The process number of the one that runs now; null while there is none. */
  pid(): number | null;
  /** SIGTERM, then SIGKILL for the whole group after `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** SIGKILL for the whole group, at once. */
  kill(): void;
}

/** Starts a child and waits until it is ready; rejects with the end of its log when it isn't. */
export async function superviseChild(options: ChildOptions): Promise<{ readonly child: SupervisedChild; readonly ready: ReadyMessage }> {
  let current: StartedChild | null = null;
  let stopping = false;
  let pauseMs = firstPauseMs;

  const start = () => {
    current = startChild(options);
    return current;
  };
  /** Starts it again and again until it is stopped. */
  const keepAlive = async (first: StartedChild) => {
    for (let running = first; ; running = start()) {
      const startedAt = performance.now();
      const how = await running.ended;
      current = null;
      if (stopping) return;
      if (performance.now() - startedAt > steadyAfterMs) pauseMs = firstPauseMs;
      options.say(`The ${options.name} ended (${how}); starting it again in ${pauseMs / 1000} s.`);
      await sleep(pauseMs);
      if (stopping) return;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  };

  const child: SupervisedChild = {
    name: options.name,
    pid: () => current?.pid ?? null,
    async stop(graceMs) {
      stopping = true;
      const running = current;
      if (running === null) return;
      endGroup(running.pid, "SIGTERM");
      const timer = setTimeout(() => endGroup(running.pid, "SIGKILL"), graceMs);
      await running.ended;
      clearTimeout(timer);
      // Whatever of its group outlived it.
      endGroup(running.pid, "SIGKILL");
    },
    kill() {
      stopping = true;
      if (current !== null) endGroup(current.pid, "SIGKILL");
    },
  };

  const first = start();
  options.onSupervise?.(child);
  const outcome = await Promise.race([
    first.ready,
    first.ended.then((how) => `it ended (${how})`),
    sleep(options.readyTimeoutMs, `it was not ready after ${options.readyTimeoutMs / 1000} s`, { ref: false }),
  ]);
  if (typeof outcome === "string") {
    child.kill();
    throw new CliError(`The ${options.name} did not start: ${outcome}.${logTail(options.logFile)}`);
  }
  void keepAlive(first);
  return { child, ready: outcome };
}

interface StartedChild {
  readonly pid: number;
  readonly ready: Promise<ReadyMessage>;
  /** Resolves with how it ended, in words. */
  readonly ended: Promise<string>;
}

function startChild(options: ChildOptions): StartedChild {
  const output = options.logFile === null ? "inherit" : openSync(options.logFile, "a");
  // A group of its own: Ctrl-C reaches us alone, and we end it in order, with everything it started.
  const child = spawn(process.execPath, [...(options.nodeArguments ?? []), options.script], {
    cwd: options.workingFolder,
    env: { ...options.environment() },
    stdio: ["ignore", output, output, "ipc"],
    detached: process.platform !== "win32",
  });
  if (typeof output === "number") closeSync(output);
  const ready = new Promise<ReadyMessage>((resolve) => {
    child.on("message", (message) => {
      const parsed = readyMessageSchema.safeParse(message);
      if (parsed.success) resolve(parsed.data);
    });
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const pid = child.pid ?? -1;
  if (pid > 0) options.onStart?.(pid);
  return { pid, ready, ended };
}

/** The last lines of a log file, indented under a sentence; empty where its output was shown already. */
function logTail(logFile: string | null): string {
  if (logFile === null) return "";
  try {
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-15);
    return ` The end of its log:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  } catch {
    return "";
  }
}
