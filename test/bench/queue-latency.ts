/** How long the queue takes, on both servers (private ones, or the given URL): `npx tsx --conditions=source test/bench/queue-latency.ts [url] [jobs]`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { AssignmentId, QueueJob } from "@rightsize/core";
import { type Backend, createBullQueue } from "@rightsize/queue";
import { startEmbeddedPostgres } from "@rightsize/store";
import { noRedis, startRedis } from "../support/redis.ts";

const [given, count] = process.argv.slice(2);
const jobCount = Number(count ?? 200);

function report(kind: string, what: string, valuesMs: readonly number[]): void {
  const sorted = [...valuesMs].sort((a, b) => a - b);
  const at = (q: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0).toFixed(2);
  console.log(`${kind} ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${valuesMs.length})`);
}
const job = (number: number): QueueJob => ({ assignmentId: `asg_${number}` as AssignmentId, dispatch: 1, priority: 1 });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Publishes jobs one by one to a consumer that has just ended one (every second time) or has slept for 40 ms. */
async function measureWakeUps(backend: Backend): Promise<void> {
  const queue = await createBullQueue({ backend, name: `bench-${process.pid}` });
  let arrived: (at: number) => void = () => {};
  const consumer = await queue.consume(async () => arrived(performance.now()), { concurrency: 2 });
  const publishMs: number[] = [];
  const totalMs: number[] = [];
  for (let number = 1; number <= jobCount; number += 1) {
    await sleep(number % 2 === 0 ? 3 : 40);
    const seen = new Promise<number>((resolve) => {
      arrived = resolve;
    });
    const from = performance.now();
    await queue.publish([job(number)]);
    publishMs.push(performance.now() - from);
    totalMs.push((await seen) - from);
  }
  report(backend.kind, "publish", publishMs);
  report(backend.kind, "publish to handler", totalMs);
  const closing = performance.now();
  await consumer.close();
  console.log(`${backend.kind} close: ${(performance.now() - closing).toFixed(0)} ms`);
  await queue.close();
}

/** From the end of one handler to the start of the next where a job is already waiting: the queue's part of a slot's gap. */
async function measureGaps(backend: Backend): Promise<void> {
  const queue = await createBullQueue({ backend, name: `bench-gap-${process.pid}` });
  await queue.publish(Array.from({ length: jobCount + 1 }, (_, number) => job(number)));
  const gapsMs: number[] = [];
  let endedAt: number | undefined;
  await new Promise<void>((resolve) => {
    void queue.consume(
      async () => {
        if (endedAt !== undefined) gapsMs.push(performance.now() - endedAt);
        await sleep(5);
        endedAt = performance.now();
        if (gapsMs.length === jobCount) resolve();
      },
      { concurrency: 1 },
    );
  });
  report(backend.kind, "handler's end to the next one's start", gapsMs);
  await queue.close();
}

async function measure(backend: Backend): Promise<void> {
  await measureWakeUps(backend);
  await measureGaps(backend);
}

if (given !== undefined) {
  await measure({ kind: given.startsWith("redis") ? "redis" : "postgres", url: given });
} else {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-bench-"));
  const postgres = await startEmbeddedPostgres({ folder });
  await measure({ kind: "postgres", url: postgres.url });
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  if (noRedis() === null) {
    const redis = await startRedis();
    await measure({ kind: "redis", url: redis.url });
    await redis.remove();
  } else console.log(noRedis());
}
