/** The queue's contract over its three implementations. */
import { createMemoryQueue, type MemoryQueue } from "@rightsize/queue";
import { afterAll, beforeAll, describe } from "vitest";
import { noRedis } from "../support/redis.ts";
import { queueContract } from "./queue.contract.ts";
import { onServer, type QueueServer, startPostgresServer, startRedisServer } from "./queue-servers.ts";

queueContract("in memory", () => ({
  open: async () => createMemoryQueue(),
  empty: async (queue) => (queue as MemoryQueue).empty(),
}));

describe("BullMQ on Postgres", () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startPostgresServer();
  });
  afterAll(() => server?.remove());
  queueContract("BullMQ on Postgres", () => onServer(() => server));
});

const reason = noRedis();
describe.skipIf(reason !== null)(`BullMQ on Redis${reason === null ? "" : ` (skipped: ${reason})`}`, () => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server?.remove());
  queueContract("BullMQ on Redis", () => onServer(() => server));
});
