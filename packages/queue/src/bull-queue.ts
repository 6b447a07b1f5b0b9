/** The queue on BullMQ, on Postgres or on Redis alike. */
import { type Queue, type QueueConsumer, type QueueJob, RightsizeError } from "@rightsize/core";
import { Queue as BullQueue, type IQueueBackend } from "bullmq";
import type { Backend, BackendSource } from "./backend-source.ts";
import { startConsumer } from "./bull-consumer.ts";
import { answerWithin, settledWithin } from "./deadline.ts";
import { byUrgency, clampPriority, jobIdOf } from "./job-message.ts";
import { type QueueLogger, silentLogger } from "./logger.ts";
import { isSchemaGone } from "./outage.ts";
import { postgresSource } from "./postgres-source.ts";
import { redisSource } from "./redis-source.ts";
import { connectWithinMs, defaultTuning, goodbyeMs, type QueueTuning } from "./tuning.ts";

export interface BullQueueOptions {
  readonly backend: Backend;
  /** Queues of different names on one server don't see each other. */
  readonly name?: string;
  readonly logger?: QueueLogger;
  readonly tuning?: Partial<QueueTuning>;
}

interface Publisher {
  readonly queue: BullQueue<QueueJob, void, string, QueueJob, void, string, IQueueBackend, object>;
  readonly source: BackendSource;
}

/** Above this many jobs one bulk insert is quicker than one command each (on Postgres a bulk insert makes temporary tables). */
const bulkFrom = 12;
/** Nobody reads BullMQ's event stream: keep it short. */
const keptEvents = 100;

/**
 * Opens the queue. Throws `unavailable` where Postgres can't be reached; an absent Redis is waited for in the background (publish and check
 * throw `unavailable` until it is there).
 */
export async function createBullQueue(options: BullQueueOptions): Promise<Queue> {
  const tuning = { ...defaultTuning, ...options.tuning };
  const logger = options.logger ?? silentLogger;
  const name = options.name ?? "rightsize";
  const openSource =
    options.backend.kind === "postgres" ? postgresSource(options.backend.url, tuning) : redisSource(options.backend.url, tuning);
  const isPostgres = options.backend.kind === "postgres";

  async function openPublisher(): Promise<Publisher> {
    const source = openSource("publisher");
    await settledWithin(source.connected(), connectWithinMs);
    const queue: Publisher["queue"] = new BullQueue<QueueJob, void, string, QueueJob, void, string, IQueueBackend, object>(
      name,
      {
        connection: {},
        // On Redis a publisher answers at once whether it can, so it may not wait for a first connection either.
        skipVersionCheck: !isPostgres,
        skipWaitingForReady: true,
        streams: { events: { maxLen: keptEvents } },
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
      },
      source.factory,
    );
    queue.on("error", (error) => logger.debug({ error: error.message }, "the queue's connection reports an error"));
    if (isPostgres) {
      try {
        await answerWithin(2 * tuning.answerWithinMs, "connecting", queue.waitUntilReady());
      } catch (error) {
        source.cut();
        throw error;
      }
    }
    return { queue, source };
  }

  let publisher = await openPublisher();
  let isClosed = false;
  const consumers = new Set<QueueConsumer>();

  let reopening: Promise<void> | undefined;
  /** Opens a fresh publisher in place of a broken one; callers at the same time share it. */
  function reopen(broken: Publisher): Promise<void> {
    if (publisher !== broken) return Promise.resolve();
    reopening ??= openPublisher()
      .then((fresh) => {
        publisher = fresh;
        broken.source.cut();
      })
      .finally(() => {
        reopening = undefined;
      });
    return reopening;
  }

  /** Runs a command on the publisher; where BullMQ's schema was dropped, lays it again and repeats the command once. */
  async function command<T>(what: string, run: (queue: Publisher["queue"]) => Promise<T>): Promise<T> {
    if (isClosed) throw new RightsizeError("unavailable", "The queue is closed.");
    const used = publisher;
    try {
      return await answerWithin(tuning.answerWithinMs, what, run(used.queue));
    } catch (error) {
      if (!(error instanceof RightsizeError) || !isSchemaGone(error.cause)) throw error;
      await reopen(used);
      return answerWithin(tuning.answerWithinMs, what, run(publisher.queue));
    }
  }

  async function depth(): Promise<{ readonly waiting: number; readonly active: number }> {
    return command("counting jobs", async (queue) => {
      const counts = await queue.getJobCounts("wait", "prioritized", "delayed", "active");
      const of = (state: string): number => counts[state] ?? 0;
      return { waiting: of("wait") + of("prioritized") + of("delayed"), active: of("active") };
    });
  }

  return {
    async publish(jobs) {
      if (jobs.length === 0) return;
      const messages = byUrgency(jobs).map((job) => ({
        name: "assignment",
        data: { assignmentId: job.assignmentId, dispatch: job.dispatch, priority: job.priority },
        opts: { jobId: jobIdOf(job), priority: clampPriority(job.priority) },
      }));
      await command("publishing", async (queue) => {
        if (messages.length >= bulkFrom) await queue.addBulk(messages);
        else for (const message of messages) await queue.add(message.name, message.data, message.opts);
      });
    },
    async consume(handler, { concurrency }) {
      if (isClosed) throw new RightsizeError("unavailable", "The queue is closed.");
      const consumer = await startConsumer({ name, openSource, handler, concurrency, tuning, logger });
      consumers.add(consumer);
      return consumer;
    },
    depth,
    async check() {
      await depth();
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await Promise.all([...consumers].map((consumer) => consumer.close()));
      await settledWithin(publisher.queue.close(), goodbyeMs);
      publisher.source.cut();
    },
  };
}

/** Picks the server: Redis where its URL is given, else Postgres. */
export function createQueue(
  config: { readonly redisUrl?: string | null; readonly databaseUrl: string } & Omit<BullQueueOptions, "backend">,
): Promise<Queue> {
  const { redisUrl, databaseUrl, ...rest } = config;
  const backend: Backend =
    redisUrl === undefined || redisUrl === null || redisUrl === ""
      ? { kind: "postgres", url: databaseUrl }
      : { kind: "redis", url: redisUrl };
  return createBullQueue({ backend, ...rest });
}
