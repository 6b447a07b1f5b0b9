/** Tells an absent server from an answer we don't like, and makes BullMQ wait in both cases where it would spin. */
import type { IQueueBackend } from "bullmq";
import { codeOf, delay, describe } from "./deadline.ts";

const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "53300",
]);
const networkMessages = /connection terminated|timeout exceeded when trying to connect|query read timeout|connection is closed/i;

/** The server is away, starting, stopping or full: the same command may succeed in a moment. SQLSTATE classes 08 and 57P are Postgres's. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && (networkCodes.has(code) || code.startsWith("08") || code.startsWith("57P"))) return true;
  return error instanceof Error && networkMessages.test(error.message);
}

/** BullMQ's schema was dropped (undefined schema, table, function): only a fresh connection lays it again. */
export function isSchemaGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "3F000" || code === "42P01" || code === "42883";
}

/** BullMQ waits `runRetryDelay` and repeats a command only for this code; other errors it reports and goes on at once. */
class ServerAway extends Error {
  readonly code = "ECONNREFUSED";
}

/**
 * Makes a worker's backend patient: commands that meet an outage are repeated by BullMQ after a pause instead of being given up (a finished
 * job's completion would be lost, and the job would run again), and a fetch that fails for another reason costs a pause instead of a spin.
 */
export function patient<Backend extends IQueueBackend>(
  backend: Backend,
  tuning: { readonly retryMs: number; readonly idlePollSeconds: number },
): Backend {
  function guard<Arguments extends unknown[], Result>(
    command: (...args: Arguments) => Promise<Result>,
    pauseMs: number,
  ): (...args: Arguments) => Promise<Result> {
    return async (...args) => {
      try {
        return await command.apply(backend, args);
      } catch (error) {
        if (isOutage(error)) throw new ServerAway(`ECONNREFUSED: ${describe(error)}`, { cause: error });
        if (pauseMs > 0) await delay(pauseMs);
        throw error;
      }
    };
  }
  backend.moveToActive = guard(backend.moveToActive, tuning.retryMs);
  backend.waitForJob = guard(backend.waitForJob, tuning.retryMs);
  backend.moveToCompleted = guard(backend.moveToCompleted, 0) as Backend["moveToCompleted"];
  backend.moveToFailed = guard(backend.moveToFailed, 0) as Backend["moveToFailed"];
  // After one failed wait BullMQ blocks for the backend's maximum, an hour on Postgres.
  Object.defineProperty(backend, "maximumBlockTimeout", { value: tuning.idlePollSeconds });
  return backend;
}
