/** Starts the real service for tests: API and workers as the built child processes that users run, a database of its own, free ports, a temporary folder. */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { exited, startProcess, stopProcess } from "./app-process.ts";
import { createTestDatabase, startTestServer } from "./postgres-server.ts";
import { startRedis } from "./redis.ts";

export interface TestServiceOptions {
  readonly engines: readonly string[];
  readonly slots: number;
  readonly queue: "postgres" | "redis";
  /** Worker processes at the start; 1 when left out. */
  readonly workers?: number;
  /** The workers' lease in milliseconds; the service's own default when left out. */
  readonly leaseMs?: number;
}
export interface TestService {
  readonly url: string;
  readonly databaseUrl: string;
  /** Starts one more worker and waits until it is ready; returns its number. */
  startWorker(environment?: Readonly<Record<string, string>>): Promise<number>;
  /** kill -9 of a worker's supervisor process; resolves when it is gone. */
  killWorker(worker: number): Promise<void>;
  /** SIGSTOP of a worker and its trainers. */
  pauseWorker(worker: number): { resume(): void };
  workerProcessId(worker: number): number;
  /** Removes every job from the queue, as FLUSHALL or a truncated table would. */
  emptyQueue(): Promise<void>;
  /** Writes refused because their attempt was stale. */
  staleWrites(): Promise<number>;
  close(): Promise<void>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function startService(options: TestServiceOptions): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-service-"));
  const server = await startTestServer();
  const postgres = await createTestDatabase(server);
  const redis = options.queue === "redis" ? await startRedis() : null;
  const environment: Record<string, string> = {
    DATABASE_URL: postgres.url,
    RIGHTSIZE_ARTIFACTS: join(folder, "artifacts"),
    RIGHTSIZE_ENGINES: options.engines.join(","),
    RIGHTSIZE_HOST: "127.0.0.1",
    RIGHTSIZE_PORT: "0",
    RIGHTSIZE_LOG: process.env.RIGHTSIZE_TEST_LOG ?? "error",
    RIGHTSIZE_LOG_FORMAT: "json",
    RIGHTSIZE_SLOTS: String(options.slots),
    RIGHTSIZE_DASHBOARD: join(root, "apps/dashboard/dist"),
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
    ...(options.leaseMs === undefined ? {} : { RIGHTSIZE_LEASE_MS: String(options.leaseMs) }),
  };
  const api = await startProcess("apps/api/dist/main.js", environment);
  const url = String(api.ready.url).replace(/\/$/, "");
  const workers: ChildProcess[] = [];
  const startWorker = async (more: Readonly<Record<string, string>> = {}) => {
    const { process: worker } = await startProcess("apps/worker/dist/main.js", { ...environment, ...more });
    return workers.push(worker) - 1;
  };
  for (let count = 0; count < (options.workers ?? 1); count++) await startWorker();
  const worker = (number: number): ChildProcess & { pid: number } => {
    const found = workers[number];
    if (found?.pid === undefined) throw new Error(`there is no worker ${number}`);
    return found as ChildProcess & { pid: number };
  };
  return {
    url,
    databaseUrl: postgres.url,
    startWorker,
    workerProcessId: (number) => worker(number).pid,
    async killWorker(number) {
      const gone = exited(worker(number));
      worker(number).kill("SIGKILL");
      await gone;
    },
    pauseWorker(number) {
      const { pid } = worker(number);
      // The worker leads a process group of its own, with its trainers in it.
      process.kill(-pid, "SIGSTOP");
      return { resume: () => void process.kill(-pid, "SIGCONT") };
    },
    async emptyQueue() {
      if (redis !== null) {
        await redis.command("FLUSHALL");
        return;
      }
      await query(postgres.url, emptyQueueSql);
    },
    async staleWrites() {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const line = metrics.split("\n").find((text) => /^rightsize_stale_writes\S* /.test(text));
      if (line === undefined) throw new Error("/metrics has no rightsize_stale_writes");
      return Number(line.split(" ").at(-1));
    },
    async close() {
      await Promise.all([...workers, api.process].map(stopProcess));
      await redis?.remove();
      await postgres.drop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Truncates whatever tables the queue's schema holds that carry jobs. */
export const emptyQueueSql = `DO $$ DECLARE jobs text; BEGIN
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO jobs
    FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%' AND tablename NOT LIKE '%version%';
  IF jobs IS NOT NULL THEN EXECUTE 'TRUNCATE ' || jobs; END IF;
END $$`;

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
