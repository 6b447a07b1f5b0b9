/** From publish to the handler's first line, on one backend: `tsx --conditions=source test/bench/queue-latency.ts <postgres://…|redis://…> [jobs]`. */
import { performance } from "node:perf_hooks";
import type { AssignmentId } from "@rightsize/core";
import { createBullQueue } from "@rightsize/queue";

const url = process.argv[2] ?? "";
const jobCount = Number(process.argv[3] ?? 200);
const backend = url.startsWith("redis") ? ({ kind: "redis", url } as const) : ({ kind: "postgres", url } as const);

const started = performance.now();
const queue = await createBullQueue({ backend, name: `bench-${process.pid}` });
let arrived: (at: number) => void = () => {};
const consumer = await queue.consume(async () => arrived(performance.now()), { concurrency: 2 });
console.log(`open ${(performance.now() - started).toFixed(0)} ms`);

const publishMs: number[] = [];
const totalMs: number[] = [];
for (let number = 1; number <= jobCount; number += 1) {
  // A worker that has just ended a job is still asking for the next; an idle one is blocked. Both happen.
  await new Promise((resolve) => setTimeout(resolve, number % 2 === 0 ? 3 : 40));
  const seen = new Promise<number>((resolve) => {
    arrived = resolve;
  });
  const from = performance.now();
  await queue.publish([{ assignmentId: `asg_${number}` as AssignmentId, dispatch: 1, priority: 1 }]);
  publishMs.push(performance.now() - from);
  totalMs.push((await seen) - from);
}
const closing = performance.now();
await consumer.close();
await queue.close();
const quantile = (values: readonly number[], q: number): string =>
  (([...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0) as number).toFixed(2);
for (const [what, values] of [
  ["publish", publishMs],
  ["publish to handler", totalMs],
] as const) {
  console.log(
    `${backend.kind} ${what}: p50 ${quantile(values, 0.5)} ms, p99 ${quantile(values, 0.99)} ms, max ${quantile(values, 1)} ms (${jobCount} jobs)`,
  );
}
console.log(`close ${(performance.now() - closing).toFixed(0)} ms`);
