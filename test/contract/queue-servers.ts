/** The servers below the queue, for its tests: each can go away, come back, freeze and lose everything. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Queue } from "@rightsize/core";
import { type Backend, createBullQueue } from "@rightsize/queue";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@rightsize/store";
import { Client } from "pg";
import { startRedis } from "../support/redis.ts";
import type { QueueUnderTest } from "./queue.contract.ts";

export interface QueueServer {
  readonly backend: Backend;
  /** Loses all jobs of all queues. */
  empty(): Promise<void>;
  /** Ends the server as an administrator would; `crash` as a power cut would. */
  stop(how?: "crash"): Promise<void>;
  /** Brings it back at the same address. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  remove(): Promise<void>;
}

export async function startRedisServer(): Promise<QueueServer & { command(line: string): Promise<string> }> {
  const redis = await startRedis();
  return {
    backend: { kind: "redis", url: redis.url },
    command: redis.command,
    empty: async () => void (await redis.command("FLUSHALL")),
    stop: (how) => redis.stop(how === "crash" ? "SIGKILL" : "SIGTERM"),
    start: () => redis.start(),
    freeze: redis.freeze,
    thaw: redis.thaw,
    remove: redis.remove,
  };
}

export async function startPostgresServer(): Promise<QueueServer & { sql(text: string): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-queue-postgres-"));
  let server: EmbeddedPostgres = await startEmbeddedPostgres({ folder });
  const { url, port } = server;
  async function sql(text: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const client = new Client({ connectionString: url });
      client.on("error", () => {});
      try {
        await client.connect();
        await client.query(text);
        return;
      } catch (error) {
        // A worker at work and our TRUNCATE may lock each other out.
        if ((error as { code?: string }).code !== "40P01" || tries > 5) throw error;
      } finally {
        await client.end().catch(() => {});
      }
    }
  }
  return {
    backend: { kind: "postgres", url },
    sql,
    empty: () => sql("TRUNCATE bullmq.job, bullmq.job_log, bullmq.job_dependency, bullmq.event, bullmq.meta, bullmq.metrics CASCADE"),
    async stop(how) {
      if (how === "crash") process.kill(server.processId, "SIGKILL");
      await server.stop();
    },
    async start() {
      server = await startEmbeddedPostgres({ folder, port });
    },
    freeze: () => signalFamily(server.processId, "SIGSTOP"),
    thaw: () => signalFamily(server.processId, "SIGCONT"),
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Postgres answers each connection in a process of its own: a machine that freezes stops them all. */
function signalFamily(processId: number, signal: NodeJS.Signals): void {
  process.kill(processId, signal);
  const children = spawnSync("ps", ["-o", "pid=", "--ppid", `${processId}`]).stdout.toString();
  for (const child of children
    .split("\n")
    .map(Number)
    .filter((id) => id > 0)) {
    try {
      process.kill(child, signal);
    } catch {
      // It ended in between.
    }
  }
}

let names = 0;
/** A name that no other queue of this test run has. */
export function freshName(): string {
  names += 1;
  return `test-${process.pid}-${names}`;
}

/** The contract's subject on a server: each queue gets a name of its own. */
export function onServer(server: () => QueueServer): QueueUnderTest {
  return {
    open: (): Promise<Queue> => createBullQueue({ backend: server().backend, name: freshName() }),
    empty: () => server().empty(),
  };
}
