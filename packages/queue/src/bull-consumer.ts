/** A consumer on BullMQ that goes on by itself: through restarts of its server, emptied tables and a dropped schema. */
import type { QueueConsumer, QueueJob } from "@rightsize/core";
import { type IQueueBackend, Worker } from "bullmq";
import type { BackendSource, OpenSource } from "./backend-source.ts";
import { delay, describe, settledWithin } from "./deadline.ts";
import { parseMessage } from "./job-message.ts";
import type { QueueLogger } from "./logger.ts";
import { isOutage, isSchemaGone } from "./outage.ts";
import { connectWithinMs, goodbyeMs, handlersWithinMs, type QueueTuning } from "./tuning.ts";

/** A worker whose clocks can be stopped while it still waits for an absent server: they would hold the process. */
class BullWorker extends Worker<unknown, void, string, IQueueBackend, object, object> {
  stopClocks(): void {
    this.lockManager.close().catch(() => {});
    this.pause(true).catch(() => {});
  }
}
interface OpenWorker {
  readonly worker: BullWorker;
  readonly source: BackendSource;
}

export interface ConsumerParts {
  readonly name: string;
  readonly openSource: OpenSource;
  readonly handler: (job: QueueJob) => Promise<void>;
  readonly concurrency: number;
  readonly tuning: QueueTuning;
  readonly logger: QueueLogger;
}

/** Resolves when the consumer listens, or after a few seconds where the server is away (it starts by itself when the server is there). */
export async function startConsumer(parts: ConsumerParts): Promise<QueueConsumer> {
  const { name, tuning, logger, concurrency } = parts;
  const running = new Set<Promise<void>>();
  let open: OpenWorker | undefined;
  let isClosing = false;

  /** What a job does: the handler, whose errors end the job all the same. Lost locks cancel nothing. */
  async function process(data: unknown, jobId: string | undefined): Promise<void> {
    const job = parseMessage(data);
    if (job === null) {
      logger.warn({ jobId }, "a job on the queue is not one of ours; dropped");
      return;
    }
    // A consumer opened again may start while handlers of the one before still run.
    while (running.size >= concurrency) await Promise.race(running);
    const run = Promise.resolve()
      .then(() => parts.handler(job))
      .catch((error: unknown) => logger.warn({ jobId, error: describe(error) }, "a job's handler failed; the job ends"));
    running.add(run);
    await run;
    running.delete(run);
  }

  function openWorker(): OpenWorker {
    const source = parts.openSource("consumer");
    const worker = new BullWorker(
      name,
      (job) => process(job.data, job.id),
      {
        connection: {},
        concurrency,
        lockDuration: tuning.lockMs,
        stalledInterval: tuning.stalledMs,
        // Attempts are counted in Postgres; BullMQ must never give a job up.
        maxStalledCount: 1_000_000_000,
        drainDelay: tuning.idlePollSeconds,
        runRetryDelay: tuning.retryMs,
      },
      source.factory,
    );
    const opened = { worker, source };
    worker.on("error", (error) => {
      logger.debug({ error: describe(error) }, isOutage(error) ? "the queue's server is away" : "the queue reports an error");
      if (isSchemaGone(error) && open === opened && !isClosing) void reopen(opened);
    });
    return opened;
  }

  /** Tries until the server is there: BullMQ remembers a failed start for ever, so each try is a fresh worker. */
  async function openUntilReady(): Promise<void> {
    for (let warned = false; !isClosing; await delay(tuning.retryMs)) {
      const candidate = openWorker();
      open = candidate;
      try {
        await candidate.worker.waitUntilReady();
        return;
      } catch (error) {
        if (!warned) logger.warn({ error: describe(error) }, "the queue can't be consumed yet; trying on");
        warned = true;
        discard(candidate);
      }
    }
  }

  async function reopen(broken: OpenWorker): Promise<void> {
    open = undefined;
    logger.warn({}, "the queue's schema is gone; laying it again");
    discard(broken);
    await openUntilReady();
  }

  /** Handlers under way run on; nothing is awaited. */
  function discard({ worker, source }: OpenWorker): void {
    worker.close(true).catch(() => {});
    worker.stopClocks();
    source.cut();
  }

  await settledWithin(openUntilReady(), connectWithinMs);

  async function close(deadlineMs: number): Promise<void> {
    isClosing = true;
    const end = Date.now() + deadlineMs;
    if (open === undefined) return;
    const polite = open.worker.close();
    // BullMQ says goodbye when the handlers have ended; a server that is away never answers, so with no handler under way it gets a second.
    for (let left = deadlineMs; left > 0; left = end - Date.now()) {
      const wait = running.size === 0 ? Math.min(left, goodbyeMs) : left;
      const handlers = running.size === 0 ? polite : Promise.race([polite, Promise.allSettled(running)]);
      const wasIdle = running.size === 0;
      const done = await settledWithin(handlers, wait);
      if (wasIdle && running.size === 0) break;
      if (!done) break;
    }
    if (running.size > 0) logger.warn({ running: running.size }, "closed the queue while handlers still run");
    open.worker.stopClocks();
    open.source.cut();
  }

  let closing: Promise<void> | undefined;
  return {
    close(deadlineMs = handlersWithinMs) {
      closing ??= close(deadlineMs);
      return closing;
    },
  };
}
