/** The service that faults are done to: real processes, a Postgres and a queue of its own, each of which can be ended and brought back. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExperimentRequest } from "@rightsize/contract";
import type { ScriptedRun } from "@rightsize/core";
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@rightsize/store";
import { type Api, apiAt, smallTable } from "../support/api.ts";
import { exited, startProcess, stopProcess } from "../support/app-process.ts";
import { courseScores } from "../support/examples.ts";
import { freePort } from "../support/free-port.ts";
import { type PrivateRedis, startRedis } from "../support/redis.ts";
import { emptyQueueSql } from "../support/service.ts";
import { type Database, openDatabase } from "./database.ts";
import { holdsWithin } from "./fault.ts";

/** The workers' lease; the invariants know it. */
export const leaseMs = 2000;
/** The shortest the worker allows. */
export const checkpointMs = 100;

export interface FaultyWorker {
  readonly pid: number;
  /** The processes that its supervisor forked, read from the system. */
  trainers(): readonly number[];
  /** SIGKILL to the supervisor alone. */
  kill(): Promise<void>;
  /** SIGKILL to the supervisor and its trainers at one moment. */
  killGroup(): Promise<void>;
  stop(): void;
  resume(): void;
}

export interface Question {
  readonly epochs?: number;
  readonly epochMs?: number;
  readonly runs?: readonly ScriptedRun[];
  readonly engine?: "scripted" | "onnx";
}

export interface World {
  readonly queue: "postgres" | "redis";
  readonly api: Api;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly redis: PrivateRedis | null;
  readonly artifactsFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Posts the course's experiment; what was trained before can't be reused for it. */
  post(question?: Question): Promise<string>;
  request(question?: Question): ExperimentRequest;
  forgetDonors(): Promise<void>;
  startWorker(environment?: Readonly<Record<string, string>>): Promise<FaultyWorker>;
  /** Ends every worker that is still there. */
  endWorkers(): Promise<void>;
  killApi(): Promise<void>;
  startApi(environment?: Readonly<Record<string, string>>): Promise<void>;
  restartPostgres(downMs: number): Promise<void>;
  emptyQueue(): Promise<void>;
  staleWrites(): Promise<number>;
  close(): Promise<void>;
}

export async function startWorld(queue: "postgres" | "redis"): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-faults-"));
  const postgresFolder = join(folder, "postgres");
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres({ folder: postgresFolder });
  await migrate(postgres.url);
  const redis = queue === "redis" ? await startRedis() : null;
  const database = openDatabase(postgres.url);
  const apiPort = await freePort();
  const environment: Record<string, string> = {
    DATABASE_URL: postgres.url,
    RIGHTSIZE_ARTIFACTS: join(folder, "artifacts"),
    RIGHTSIZE_ENGINES: "scripted,onnx",
    RIGHTSIZE_HOST: "127.0.0.1",
    RIGHTSIZE_PORT: String(apiPort),
    RIGHTSIZE_LOG: process.env.RIGHTSIZE_TEST_LOG ?? "silent",
    RIGHTSIZE_LOG_FORMAT: "json",
    RIGHTSIZE_SLOTS: "1",
    RIGHTSIZE_LEASE_MS: String(leaseMs),
    RIGHTSIZE_CHECKPOINT_MS: String(checkpointMs),
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  };
  let apiProcess: ChildProcess | null = null;
  const startApi = async (more: Readonly<Record<string, string>> = {}) => {
    apiProcess = (await startProcess("apps/api/dist/main.js", { ...environment, ...more })).process;
  };
  await startApi();
  const api = apiAt(`http://127.0.0.1:${apiPort}`);
  const dataset = (await api.upload("small.csv", smallTable(400))).id;
  const workers = new Set<ChildProcess>();
  let asked = 0;

  const request = ({ epochs = 12, epochMs = 20, runs = courseScores, engine = "scripted" }: Question = {}): ExperimentRequest => {
    asked += 1;
    if (engine === "onnx")
      return {
        dataset,
        target: "y",
        search: { preset: "course" },
        // Long enough for several checkpoints of a run, on a quick machine too.
        recipe: { maxEpochs: 1500, patience: 1500 },
        limits: { maxTrials: 4 },
        engine: { name: "onnx" },
      };
    // `otherwise` is never played on the course's way: a number in it makes each experiment a new question.
    const otherwise = { score: 9, epochs: 2, epochMs: asked % 50_000 };
    const script = { runs: runs.map((run) => ({ ...run, epochs, epochMs })), otherwise };
    return { dataset, target: "y", search: { preset: "course" }, engine: { name: "scripted", script } };
  };
  const forgetDonors = async () => {
    await database.rows("UPDATE runs SET content_hash = 'used ' || id WHERE state NOT IN ('QUEUED', 'RUNNING')");
  };

  return {
    queue,
    api,
    database,
    databaseUrl: postgres.url,
    redis,
    artifactsFolder: join(folder, "artifacts"),
    environment,
    request,
    forgetDonors,
    async post(question) {
      await forgetDonors();
      return (await api.post(request(question))).id;
    },
    async startWorker(more = {}) {
      const { process: child } = await startProcess("apps/worker/dist/main.js", { ...environment, ...more });
      workers.add(child);
      const pid = child.pid as number;
      const group = (signal: NodeJS.Signals) => {
        try {
          process.kill(-pid, signal);
        } catch {
          // All of it is gone.
        }
      };
      return {
        pid,
        trainers: () => childrenOf(pid),
        async kill() {
          child.kill("SIGKILL");
          await exited(child);
          workers.delete(child);
        },
        async killGroup() {
          group("SIGKILL");
          await exited(child);
          workers.delete(child);
        },
        stop: () => group("SIGSTOP"),
        resume: () => group("SIGCONT"),
      };
    },
    async endWorkers() {
      const ending = [...workers];
      workers.clear();
      for (const child of ending) if (child.pid !== undefined) signalGroup(child.pid, "SIGCONT");
      await Promise.all(ending.map(stopProcess));
    },
    async killApi() {
      if (apiProcess === null) return;
      if (apiProcess.pid !== undefined) signalGroup(apiProcess.pid, "SIGKILL");
      await exited(apiProcess);
    },
    startApi,
    async restartPostgres(downMs) {
      const { port } = postgres;
      await postgres.stop();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      postgres = await startEmbeddedPostgres({ folder: postgresFolder, port });
    },
    async emptyQueue() {
      if (redis !== null) await redis.command("FLUSHALL");
      else
        await holdsWithin(5000, async () => {
          await database.rows(emptyQueueSql);
          return true;
        });
    },
    staleWrites: async () =>
      Number((await database.value<string | undefined>("SELECT value FROM counters WHERE name = 'stale_writes'")) ?? 0),
    async close() {
      for (const child of workers) if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      if (apiProcess !== null) await stopProcess(apiProcess);
      await redis?.remove();
      await database.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((candidate) => {
      if (!Number.isInteger(candidate)) return false;
      try {
        const stat = readFileSync(`/proc/${candidate}/stat`, "utf8");
        return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === pid;
      } catch {
        return false;
      }
    });
}
