/** The wake-up queue: BullMQ on Postgres or on Redis, and a twin in memory. */
export type { Backend } from "./backend-source.ts";
export { type BullQueueOptions, createBullQueue, createQueue } from "./bull-queue.ts";
export type { QueueLogger } from "./logger.ts";
export { createMemoryQueue, type MemoryQueue } from "./memory-queue.ts";
export { defaultTuning, type QueueTuning } from "./tuning.ts";
