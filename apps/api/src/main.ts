/** The API's process: reads its configuration, serves until it is told to stop, and stops within five seconds. */
import { RightsizeError } from "@rightsize/core";
import { ConfigurationError, readConfig } from "./config.ts";
import { createLogger } from "./logger.ts";
import { type Service, startService } from "./service.ts";

/** Exit codes: 2 says that a person must change something (configuration, a taken port), 1 is everything else. */
const exitCodes = { failed: 1, configuration: 2 } as const;
const closeWithinMs = 4500;

async function main(): Promise<void> {
  const config = readConfig();
  const logger = createLogger(config);
  let stopping = false;
  let service: Service | null = null;

  const stop = async (why: string) => {
    if (stopping) return;
    stopping = true;
    logger.info(`stopping: ${why}`);
    // What can't be closed in time is left to the operating system; the store is safe at every moment.
    setTimeout(() => process.exit(exitCodes.failed), closeWithinMs).unref();
    await service?.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // A launcher that died must not leave a service behind.
  process.on("disconnect", () => void stop("the parent process is gone"));

  service = await startService(config, logger);
  if (stopping) {
    await service.close();
    process.exit(0);
  }
  const ready = { kind: "ready", url: service.url };
  if (process.send) process.send(ready);
  else process.stdout.write(`${JSON.stringify(ready)}\n`);
}

main().catch((error: unknown) => {
  const needsPerson = error instanceof ConfigurationError;
  // Our own errors are sentences; of anything else the stack is what helps.
  const known = needsPerson || error instanceof RightsizeError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${known ? message : error instanceof Error ? (error.stack ?? message) : message}\n`);
  const exit = () => process.exit(needsPerson ? exitCodes.configuration : exitCodes.failed);
  if (process.send) process.send({ kind: "failed", message }, exit);
  else exit();
});
