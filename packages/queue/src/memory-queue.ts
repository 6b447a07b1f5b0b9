/** The queue in memory, for tests and single-process runs: the same promises as BullMQ's, without a server. */
import { type Queue, type QueueConsumer, type QueueJob, RightsizeError } from "@rightsize/core";
import { describe, settledWithin } from "./deadline.ts";
import { byUrgency, clampPriority, jobIdOf } from "./job-message.ts";
import { type QueueLogger, silentLogger } from "./logger.ts";
import { handlersWithinMs } from "./tuning.ts";

export interface MemoryQueue extends Queue {
  /** Loses all jobs, as FLUSHALL or a truncated table would; handlers under way run on. */
  empty(): void;
}

interface Consumer {
  readonly handler: (job: QueueJob) => Promise<void>;
  readonly concurrency: number;
  readonly running: Set<Promise<void>>;
  isClosed: boolean;
}

export function createMemoryQueue(options: { readonly logger?: QueueLogger } = {}): MemoryQueue {
  const logger = options.logger ?? silentLogger;
  /** In the order they are to be handled. */
  let waiting: QueueJob[] = [];
  const active = new Map<string, symbol>();
  const consumers = new Set<Consumer>();
  let isClosed = false;
  let turn = 0;

  function mustBeOpen(): void {
    if (isClosed) throw new RightsizeError("unavailable", "The queue is closed.");
  }

  /** Hands waiting jobs to free consumers, taking turns, so that no consumer starves. */
  function dispatch(): void {
    for (;;) {
      const free = [...consumers].filter((consumer) => !consumer.isClosed && consumer.running.size < consumer.concurrency);
      const job = free.length === 0 ? undefined : waiting.shift();
      const consumer = free[turn++ % Math.max(1, free.length)];
      if (job === undefined || consumer === undefined) return;
      handle(consumer, job);
    }
  }

  function handle(consumer: Consumer, job: QueueJob): void {
    const id = jobIdOf(job);
    const token = Symbol(id);
    active.set(id, token);
    const run = Promise.resolve()
      .then(() => consumer.handler(job))
      .catch((error: unknown) => logger.warn({ jobId: id, error: describe(error) }, "a job's handler failed; the job ends"))
      .then(() => {
        consumer.running.delete(run);
        // After an emptied queue the same job may run a second time: only its own end counts.
        if (active.get(id) === token) active.delete(id);
        dispatch();
      });
    consumer.running.add(run);
  }

  return {
    async publish(jobs) {
      mustBeOpen();
      const known = new Set([...waiting.map(jobIdOf), ...active.keys()]);
      for (const job of byUrgency(jobs)) {
        const id = jobIdOf(job);
        if (known.has(id)) continue;
        known.add(id);
        const kept = { assignmentId: job.assignmentId, dispatch: job.dispatch, priority: job.priority };
        const after = waiting.findIndex((other) => clampPriority(other.priority) > clampPriority(job.priority));
        waiting.splice(after === -1 ? waiting.length : after, 0, kept);
      }
      dispatch();
    },
    async consume(handler, { concurrency }) {
      mustBeOpen();
      const consumer: Consumer = { handler, concurrency, running: new Set(), isClosed: false };
      consumers.add(consumer);
      dispatch();
      const handle: QueueConsumer = {
        async close(deadlineMs = handlersWithinMs) {
          consumer.isClosed = true;
          consumers.delete(consumer);
          await settledWithin(Promise.allSettled(consumer.running), deadlineMs);
        },
      };
      return handle;
    },
    async depth() {
      mustBeOpen();
      return { waiting: waiting.length, active: active.size };
    },
    async check() {
      mustBeOpen();
    },
    async close() {
      if (isClosed) return;
      const open = [...consumers];
      isClosed = true;
      for (const consumer of open) consumer.isClosed = true;
      await settledWithin(Promise.allSettled(open.flatMap((consumer) => [...consumer.running])), handlersWithinMs);
      consumers.clear();
      waiting = [];
    },
    empty() {
      waiting = [];
      active.clear();
    },
  };
}
