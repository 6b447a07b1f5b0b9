/** The whole experiment loop on the in-memory twins: store, queue, workers as plain async functions. Milliseconds instead of processes. */
import {
  type AssignmentId,
  countedIds,
  type Experiment,
  type ExperimentId,
  type ExperimentSpec,
  localOwner,
  type Store,
  type WorkerId,
} from "@rightsize/core";
import { type CarryOutEnd, carryOut, createExperiment, endAtTimeLimits, reconcile } from "@rightsize/orchestrator";
import { createMemoryQueue } from "@rightsize/queue";
import { createMemoryStore } from "@rightsize/store";
import { exampleDataset, examplePlan } from "./examples.ts";
import { createScriptedTrainer, type ScriptedTrainerOptions } from "./scripted-trainer.ts";

export interface InMemoryService {
  readonly store: Store;
  start(spec: ExperimentSpec): Promise<Experiment>;
  /** Carries out whatever is queued until the experiment ends (or nothing moves any more). */
  finish(id: ExperimentId): Promise<Experiment>;
  /** The trial table as rows `1×100 5.4 INCREASE_CAPACITY`. */
  table(id: ExperimentId): Promise<readonly string[]>;
  readonly trained: readonly string[];
  /** One round of the time keeper. */
  keepTime(): Promise<void>;
  /** One round of the reconciler, which never gives a run up here. */
  reconcile(): Promise<void>;
  close(): Promise<void>;
}

export async function startInMemoryService(
  options: {
    readonly workers?: number;
    /** The store's clock, in milliseconds; left out: it stands still. */
    readonly now?: () => number;
    /** What stands between the workers and the store, for tests that break it. */
    readonly workersLine?: (store: Store) => Store;
    readonly play?: ScriptedTrainerOptions["play"];
    /** Comes between any two epochs. */
    readonly pause?: () => Promise<void>;
    /** Of a worker, in milliseconds. */
    readonly heartbeatMs?: number;
  } = {},
): Promise<InMemoryService> {
  const workers = options.workers ?? 1;
  const store = createMemoryStore({ now: options.now ?? (() => 0) });
  const queue = createMemoryQueue();
  const ids = countedIds();
  const trainer = createScriptedTrainer({
    ...(options.play === undefined ? {} : { play: options.play }),
    ...(options.pause === undefined ? {} : { pause: options.pause }),
  });
  await store.datasets.put(exampleDataset());
  const never = new AbortController().signal;
  const timing = { epochBatchMs: 0, retryMs: 1, ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }) };
  const worker = { store: options.workersLine?.(store) ?? store, queue, ids, workerId: "wrk_test" as WorkerId, log: () => {}, timing };
  const consumer = await queue.consume(
    async ({ assignmentId }) => {
      let next: AssignmentId | null = assignmentId;
      while (next !== null) {
        const end: CarryOutEnd = await carryOut(worker, trainer, next, never);
        next = end.next;
      }
    },
    { concurrency: workers },
  );
  const find = async (id: ExperimentId) => {
    const experiment = await store.experiments.find(null, id);
    if (experiment === null) throw new Error(`no experiment ${id}`);
    return experiment;
  };
  return {
    store,
    trained: trainer.trained,
    async start(spec) {
      const { experiment } = await createExperiment({ store, ids }, { owner: localOwner, spec, plan: examplePlan(), idempotency: null });
      await reconcile({ store, queue, ids });
      return experiment;
    },
    async finish(id) {
      for (let round = 0; round < 2000; round++) {
        const experiment = await find(id);
        if (experiment.endedAt !== null) return experiment;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      throw new Error(`experiment ${id} did not end: ${JSON.stringify(await store.experiments.snapshot(id), null, 1)}`);
    },
    async table(id) {
      const snapshot = await store.experiments.snapshot(id);
      return (snapshot?.trials ?? []).map(
        ({ capacity, score, nextStep }) => `${capacity.hiddenLayers}×${capacity.nodesPerLayer} ${score} ${nextStep}`,
      );
    },
    keepTime: () => endAtTimeLimits({ store, queue, ids }),
    reconcile: () => reconcile({ store, queue, ids }, { crashLimit: 1_000_000 }),
    async close() {
      await consumer.close();
      await queue.close();
      await store.close();
    },
  };
}
