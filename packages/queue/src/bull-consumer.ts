/** A consumer on BullMQ that goes on by itself through restarts of its server, emptied tables and (once a publisher laid it again) a dropped schema. */
import type { QueueConsumer, QueueJob } from "@rightsize/core";
import { type IQueueBackend, Worker } from "bullmq";
import type { BackendSource, OpenSource } from "./backend-source.ts";
import { delay, describe, settledWithin } from "./deadline.ts";
import { parseMessage } from "./job-message.ts";
import type { QueueLogger } from "./logger.ts";
import { isOutage } from "./outage.ts";
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
    worker.on("error", (error) => {
      logger.debug({ error: describe(error) }, isOutage(error) ? "the queue's server is away" : "the queue reports an error");
    });
    return { worker, source };
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
        candidate.worker.close(true).catch(() => {});
        candidate.worker.stopClocks();
        candidate.source.cut();
      }
    }
  }

  await settledWithin(openUntilReady(), connectWithinMs);

  async function close(deadlineMs: number): Promise<void> {
    isClosing = true;
    const end = Date.now() + deadlineMs;
    if (open === undefined) return;
    const polite = open.worker.close();
    while (Date.now() < end) {
      const leftMs = end - Date.now();
      if (running.size > 0) {
        await settledWithin(Promise.allSettled(running), leftMs);
        continue;
      }
      // A server that is away never says goodbye, so with no handler under way it gets a second. A job fetched just now still starts.
      const isDone = await settledWithin(polite, Math.min(leftMs, goodbyeMs));
      if (isDone || running.size === 0) break;
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
