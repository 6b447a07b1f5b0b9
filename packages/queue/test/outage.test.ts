/** Which errors mean "the server is away", and how a worker's backend waits for it. */
import type { IQueueBackend } from "bullmq";
import { describe, expect, test } from "vitest";
import { isOutage, isSchemaGone, patient } from "../src/outage.ts";

function failure(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

describe("an outage", () => {
  test.each([
    ["the server shuts down", failure("terminating connection due to administrator command", "57P01")],
    ["the server is still starting", failure("the database system is starting up", "57P03")],
    ["there are too many connections", failure("sorry, too many clients already", "53300")],
    ["the connection broke", failure("Connection terminated unexpectedly")],
    ["the connection was reset", failure("read ECONNRESET", "ECONNRESET")],
    ["nobody listens", failure("", "ECONNREFUSED")],
    ["the host's name can't be looked up for a moment", failure("getaddrinfo EAI_AGAIN postgres", "EAI_AGAIN")],
    ["nothing answers", failure("Query read timeout")],
  ])("%s", (_, error) => {
    expect(isOutage(error)).toBe(true);
  });

  test.each([
    ["a job that is gone", failure("Missing key for job asg_1-d1. moveToFinished")],
    ["a full Redis", failure("OOM command not allowed when used memory > 'maxmemory'.")],
    ["a dropped schema", failure('schema "bullmq" does not exist', "3F000")],
    ["no error at all", "a string"],
  ])("is not: %s", (_, error) => {
    expect(isOutage(error)).toBe(false);
  });

  test("a dropped schema is told by its code", () => {
    expect(isSchemaGone(failure("function move_to_active does not exist", "42883"))).toBe(true);
    expect(isSchemaGone(failure("the database system is starting up", "57P03"))).toBe(false);
  });
});

describe("a patient backend", () => {
  const tuning = { retryMs: 40, idlePollSeconds: 2 };
  function backendThatFails(error: unknown): IQueueBackend {
    const fail = async (): Promise<never> => {
      throw error;
    };
    return {
      moveToActive: fail,
      moveToCompleted: fail,
      moveToFailed: fail,
      waitForJob: fail,
      maximumBlockTimeout: 3_600,
    } as unknown as IQueueBackend;
  }
  const timed = async (work: Promise<unknown>): Promise<{ error: unknown; tookMs: number }> => {
    const from = performance.now();
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    return { error, tookMs: performance.now() - from };
  };

  test("turns every outage into the one code for which BullMQ waits and repeats: a finished job's end is not lost", async () => {
    const backend = patient(backendThatFails(failure("the database system is starting up", "57P03")), tuning);
    for (const command of [
      backend.moveToActive("token"),
      backend.waitForJob(5),
      backend.moveToCompleted(...([] as unknown as Parameters<IQueueBackend["moveToCompleted"]>)),
    ]) {
      expect((await timed(command)).error).toMatchObject({ code: "ECONNREFUSED" });
    }
  });

  test("pauses before it hands on another error of a fetch, so that BullMQ's loop can't spin", async () => {
    const oom = failure("OOM command not allowed");
    const { error, tookMs } = await timed(patient(backendThatFails(oom), tuning).moveToActive("token"));
    expect(error).toBe(oom);
    expect(tookMs).toBeGreaterThan(35);
  });

  test("never blocks for the hour that Postgres's backend allows after a failed wait", () => {
    expect(patient(backendThatFails(null), tuning).maximumBlockTimeout).toBe(2);
  });
});
