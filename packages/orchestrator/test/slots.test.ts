/** The slots of a worker: idle ones speculate, and asked-for work is never kept waiting by it. */
import { countedIds, type ExperimentId, type IdSource, localOwner, type Store, type Trainer, type WorkerId } from "@rightsize/core";
import { createMemoryQueue } from "@rightsize/queue";
import { createMemoryStore } from "@rightsize/store";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleDataset, examplePlan, exampleSpec } from "../../../test/support/examples.ts";
import { createScriptedTrainer } from "../../../test/support/scripted-trainer.ts";
import { createExperiment, createSlots, type Slots } from "../src/index.ts";

let ending: AbortController;
beforeEach(() => {
  ending = new AbortController();
});
afterEach(() => ending.abort());

/** A trainer that ends when it is told to, and says what it trains. */
function heldTrainer() {
  const inner = createScriptedTrainer();
  let release = () => {};
  let training: string | null = null;
  const trainer: Trainer = {
    ...inner,
    async train(work, observer, signal) {
      training = `${work.capacity.hiddenLayers}×${work.capacity.nodesPerLayer}`;
      await new Promise<void>((resolve) => {
        release = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      training = null;
      return inner.train(work, observer, signal);
    },
  };
  return { trainer, training: () => training, release: () => release() };
}

async function startWorker(slotCount: number, speculation = true) {
  const store = createMemoryStore({ now: () => 0 });
  const queue = createMemoryQueue();
  const ids = countedIds();
  await store.datasets.put(exampleDataset());
  const held = Array.from({ length: slotCount }, heldTrainer);
  const slots: Slots = createSlots({
    store,
    queue,
    ids,
    workerId: "wrk_one" as WorkerId,
    log: () => {},
    timing: { epochBatchMs: 0, retryMs: 1 },
    trainers: held.map(({ trainer }) => trainer),
    speculation,
    ending: ending.signal,
  });
  const post = async (seed: number): Promise<ExperimentId> => {
    const given = { owner: localOwner, spec: exampleSpec({ seed }), plan: examplePlan(), idempotency: null };
    const { experiment } = await createExperiment({ store, ids }, given);
    await store.outbox.relay(10, async (items) => {
      for (const { assignmentId } of items) void slots.carryOut(assignmentId);
    });
    return experiment.id;
  };
  const training = () => held.flatMap((slot) => slot.training() ?? []).sort();
  /** Lets the training of this size end. */
  const end = (capacity: string) => held.find((slot) => slot.training() === capacity)?.release();
  return { store, ids, slots, post, training, end };
}

test("an idle slot begins what comes next, and the decision takes it over", async () => {
  const { store, slots, post, training, end } = await startWorker(2);
  const id = await post(0);
  await vi.waitFor(() => expect(training()).toEqual(["1×100"]));
  await slots.look();
  await vi.waitFor(() => expect(training()).toEqual(["1×100", "1×250"]));
  expect((await store.experiments.snapshot(id))?.trials).toHaveLength(1);
  end("1×100");
  // The slot that became free begins another one; the one that ran ahead goes on as the second trial.
  await vi.waitFor(async () => expect((await store.experiments.snapshot(id))?.trials).toHaveLength(2));
  expect((await store.experiments.snapshot(id))?.runs.map(({ state }) => state)).toEqual(["COMPLETED", "RUNNING"]);
  await vi.waitFor(() => expect(training()).toHaveLength(2));
  expect(training()).toContain("1×250");
});

test("switched off it leaves slots idle", async () => {
  const { slots, post, training } = await startWorker(2, false);
  await post(0);
  await vi.waitFor(() => expect(training()).toEqual(["1×100"]));
  await slots.look();
  expect(training()).toEqual(["1×100"]);
});

test("work that was asked for takes a slot from speculation at once; what was put off waits for the next idle slot", async () => {
  const { store, slots, post, training, end } = await startWorker(2);
  const first = await post(0);
  await vi.waitFor(() => expect(training()).toEqual(["1×100"]));
  await slots.look();
  await vi.waitFor(() => expect(training()).toEqual(["1×100", "1×250"]));
  const second = await post(1);
  await vi.waitFor(() => expect(training()).toEqual(["1×100", "1×100"]));
  expect((await store.experiments.snapshot(first))?.speculative.runs).toMatchObject([{ state: "QUEUED" }]);
  expect((await store.experiments.snapshot(second))?.runs).toMatchObject([{ state: "RUNNING" }]);
  expect((await store.work.attempts(first)).map(({ end: ended }) => ended)).toEqual([null, "released"]);
  end("1×100");
  await vi.waitFor(() => expect(training()).toEqual(["1×100", "1×250"]));
  end("1×100");
  await vi.waitFor(() => expect(training()).toEqual(["1×250", "1×250"]));
});

test("a run that was adopted meanwhile is asked-for work like any other: another worker may have a slot for the next one", async () => {
  const { store, ids, slots, post, training, end } = await startWorker(1);
  const first = await post(0);
  await vi.waitFor(() => expect(training()).toEqual(["1×100"]));
  const other = await startSecondWorker(store, ids);
  await other.look();
  // No slot is free for it now: that it was told to look is not forgotten.
  await slots.look();
  end("1×100");
  await vi.waitFor(async () => expect((await store.experiments.snapshot(first))?.runs).toHaveLength(2));
  expect(other.training()).toBe("1×250");
  await vi.waitFor(() => expect(training(), "the slot that became free looks ahead").toHaveLength(1));
  expect(await other.take(await post(1))).toBe(false);
  expect(other.training(), "it goes on").toBe("1×250");
  const adopted = (await store.experiments.snapshot(first))?.runs[1]?.assignmentId;
  const attempts = (await store.work.attempts(first)).filter(({ assignmentId }) => assignmentId === adopted);
  expect(attempts).toMatchObject([{ workerId: "wrk_two", end: null }]);
});

/** Another worker with one slot on the same store. */
async function startSecondWorker(store: Store, ids: IdSource) {
  const held = heldTrainer();
  const slots = createSlots({
    store,
    queue: createMemoryQueue(),
    ids,
    workerId: "wrk_two" as WorkerId,
    log: () => {},
    timing: { epochBatchMs: 0, retryMs: 1 },
    trainers: [held.trainer],
    speculation: true,
    ending: ending.signal,
  });
  return {
    training: held.training,
    async look() {
      await slots.look();
      await vi.waitFor(() => expect(held.training()).toBe("1×250"));
    },
    async take(id: ExperimentId) {
      const assignment = (await store.experiments.snapshot(id))?.runs[0]?.assignmentId;
      return assignment === undefined ? null : slots.carryOut(assignment);
    },
  };
}
