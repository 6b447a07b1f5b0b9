/** The attempt's writer: order, batches, patience with an absent store, and silence after a refusal. */
import { type AttemptRef, type EpochRecord, RightsizeError, type RunId, type Sha256, type Store } from "@rightsize/core";
import { expect, test, vi } from "vitest";
import { createAttemptWriter } from "../src/attempt-writer.ts";

const ref = { assignmentId: "asg_1", attempt: 1 } as AttemptRef;
const run = "run_1" as RunId;
const epoch = (number: number): EpochRecord => ({ runId: run, epoch: number, trainingLoss: 1, validationLoss: 1, learningRate: 0.1 });
const ended = { state: "COMPLETED", result: { validationLoss: 1 } } as unknown as Parameters<Store["work"]["completeRun"]>[2];

/** Records what is written; `fail` may throw instead. */
function writerOn(fail: (write: string, attempt: number) => void = () => {}) {
  const written: string[] = [];
  let tries = 0;
  const note = async (text: string) => {
    tries += 1;
    fail(text, tries);
    written.push(text);
  };
  const work = {
    appendEpochs: (_: AttemptRef, epochs: readonly EpochRecord[]) => note(`epochs ${epochs.map(({ epoch: number }) => number).join(",")}`),
    recordCheckpoint: () => note("checkpoint"),
    completeRun: () => note("result"),
  };
  const onStale = vi.fn();
  const onRetry = vi.fn();
  const writer = createAttemptWriter({ work } as unknown as Pick<Store, "work">, ref, { batchMs: 5, retryMs: 1, onStale, onRetry });
  return { writer, written, onStale, onRetry };
}

test("epochs that come close together are written as one batch", async () => {
  const { writer, written } = writerOn();
  writer.epochs([epoch(1)]);
  writer.epochs([epoch(2), epoch(3)]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(written).toEqual(["epochs 1,2,3"]);
});

test("a checkpoint is written after all epochs before it: a run that goes on from it leaves no gap in its curve", async () => {
  const { writer, written } = writerOn();
  writer.epochs([epoch(1)]);
  writer.checkpoint({ runId: run, artifact: "a".repeat(64) as Sha256, epoch: 1 });
  writer.epochs([epoch(2)]);
  await writer.result(run, ended);
  expect(written).toEqual(["epochs 1", "checkpoint", "epochs 2", "result"]);
});

test("a result is written after all epochs before it, without waiting for the batch", async () => {
  const { writer, written } = writerOn();
  writer.epochs([epoch(1)]);
  await writer.result(run, ended);
  expect(written).toEqual(["epochs 1", "result"]);
});

test("while the store can't be reached everything is kept and tried again, in order", async () => {
  const { writer, written, onRetry } = writerOn((_, attempt) => {
    if (attempt <= 3) throw new RightsizeError("unavailable", "no connection");
  });
  writer.epochs([epoch(1)]);
  await writer.result(run, ended);
  expect(written).toEqual(["epochs 1", "result"]);
  expect(onRetry).toHaveBeenCalledTimes(3);
});

test("a refusal ends the writing: nothing more of this attempt is sent", async () => {
  const { writer, written, onStale } = writerOn((write) => {
    if (write === "result") throw new RightsizeError("stale_attempt", "attempt 2 has it");
  });
  await writer.result(run, ended);
  writer.epochs([epoch(2)]);
  await writer.flush();
  expect(onStale).toHaveBeenCalledTimes(1);
  expect(written).toEqual([]);
});
