/** The worker process: reads its settings, starts the supervisor, and ends in order on SIGTERM, SIGINT or when its launcher is gone. */
import { asRightsizeError, randomIds } from "@rightsize/core";
import type { CarryOutLog } from "@rightsize/orchestrator";
import { createQueue } from "@rightsize/queue";
import { createPostgresStore } from "@rightsize/store";
import pino from "pino";
import pretty from "pino-pretty";
import { readConfig } from "./config.ts";
import { startSupervisor } from "./supervisor.ts";

/** After this the process ends whatever is still open, in milliseconds. */
const stopDeadlineMs = 4500;

async function main(): Promise<void> {
  const config = readConfig();
  const logger = config.log.pretty
    ? pino({ level: config.log.level, base: { app: "worker" } }, pretty({ colorize: process.stdout.isTTY, ignore: "pid,hostname" }))
    : pino({ level: config.log.level, base: { app: "worker", processId: process.pid } });
  const log: CarryOutLog = (level, message, fields) => logger[level](fields, message);
  const store = await createPostgresStore({ url: config.databaseUrl, poolSize: Math.max(4, config.slots + 2) });
  const queue = await createQueue({ redisUrl: config.redisUrl, databaseUrl: config.databaseUrl, logger });
  const supervisor = await startSupervisor({
    store,
    queue,
    ids: randomIds,
    log,
    trainer: {
      engines: config.engines,
      provider: config.provider,
      artifacts: config.artifacts,
      checkpointEveryMs: config.checkpointEveryMs,
      keptTensorBytes: config.keptTensorBytes,
    },
    slots: config.slots,
    speculation: config.speculation,
    machine: config.machine,
    timing: { leaseMs: config.leaseMs, heartbeatMs: Math.floor(config.leaseMs / 3) },
  });
  logger.info(
    { workerId: supervisor.workerId, slots: config.slots, speculation: config.speculation, engines: config.engines },
    "worker is ready",
  );
  process.send?.({ kind: "ready", workerId: supervisor.workerId });

  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, "worker stops");
    setTimeout(() => process.exit(1), stopDeadlineMs).unref();
    void supervisor
      .stop()
      .then(() => queue.close())
      .then(() => store.close())
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        logger.error(error, "the worker did not stop in order");
        process.exit(1);
      });
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("disconnect", () => stop("its launcher is gone"));
}

main().catch((thrown: unknown) => {
  const error = asRightsizeError(thrown);
  const issues = error.issues.map(({ where, received, required }) => `  ${where}: received ${received}, needs ${required}`);
  process.stderr.write(`${["The worker could not start.", error.message, ...issues].join("\n")}\n`);
  process.send?.({ kind: "failed", error: error.toPlain() });
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 200).unref();
});
