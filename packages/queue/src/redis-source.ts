/** BullMQ on Redis through ioredis. The server must keep everything (noeviction) and should append to disk (AOF). */
import { createRedisBackend } from "bullmq";
import { Redis, type RedisOptions } from "ioredis";
import type { OpenSource } from "./backend-source.ts";
import { patient } from "./outage.ts";
import type { QueueTuning } from "./tuning.ts";

/** A connection that knows its copies (BullMQ makes one for its blocking reads), so that all of them can be cut. */
class FamilyRedis extends Redis {
  readonly family: Set<Redis> = new Set([this]);
  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override);
    copy.on("error", ignore);
    this.family.add(copy);
    return copy;
  }
}

export function redisSource(url: string, tuning: QueueTuning): OpenSource {
  return (role) => {
    const isConsumer = role === "consumer";
    const redis = new FamilyRedis(url, {
      // A consumer waits for an absent server for ever; a publisher says at once that it can't.
      maxRetriesPerRequest: null,
      enableOfflineQueue: isConsumer,
      ...(isConsumer ? {} : { commandTimeout: tuning.answerWithinMs }),
      connectTimeout: tuning.answerWithinMs,
      // ioredis holds the process for this long after a cut, waiting for the socket's own goodbye.
      disconnectTimeout: 100,
      retryStrategy: (times) => Math.min(50 * times, 1_000),
      connectionName: `rightsize-queue-${role}`,
    });
    redis.on("error", ignore);
    return {
      factory: (name, opts, factoryOptions) => {
        const backend = createRedisBackend(name, { ...opts, connection: redis }, factoryOptions);
        return isConsumer ? patient(backend, tuning) : backend;
      },
      connected: () => (redis.status === "ready" ? Promise.resolve() : new Promise((resolve) => redis.once("ready", () => resolve()))),
      cut: () => {
        for (const member of redis.family) if (member.status !== "end") member.disconnect();
      },
    };
  };
}

/** BullMQ forwards the errors that matter; without a listener ioredis prints them. */
function ignore(): void {}
