/** Workers with their real slots on the in-memory twins: a scheduler chooses which training ends next. */
import {
  type Capacity,
  countedIds,
  type ExperimentId,
  localOwner,
  type RunResult,
  recipeOfRun,
  type Sha256,
  type SpeculationUse,
  type Store,
  type Trainer,
  type TrainingRun,
  type TrainingWork,
  type WorkerId,
} from "@rightsize/core";
import { contentHash, createExperiment, createSlots, reconcile, type Slots } from "@rightsize/orchestrator";
import { createMemoryQueue } from "@rightsize/queue";
import { createMemoryStore } from "@rightsize/store";
import type { Scheduler } from "fast-check";
import { exampleDataset, examplePlan } from "./examples.ts";
import { diverges, lossAt, type Question, specOf } from "./landscapes.ts";
import { outcomeText, strayEvents } from "./outcome.ts";

export interface SlottedOptions {
  readonly workers: number;
  /** Of each worker. */
  readonly slots: number;
  readonly speculation: boolean;
  /** Whether the training of this number (from 0, over all workers) crashes. */
  readonly crashAt: (training: number) => boolean;
  /** Chooses which of the trainings under way ends next; null: as they come. */
  readonly scheduler: Scheduler | null;
}
export interface Played {
  readonly outcome: readonly string[];
  readonly strays: readonly string[];
  readonly use: SpeculationUse;
}

/** Plays one experiment to its end. */
export async function playOnSlots(question: Question, options: SlottedOptions): Promise<Played> {
  const store = createMemoryStore({ now: () => 0 });
  const queue = createMemoryQueue();
  const ids = countedIds();
  await store.datasets.put(exampleDataset());
  const ending = new AbortController();
  let trainings = 0;
  const trainer = (): Trainer => ({
    fingerprints: { scripted: "scripted/test" },
    async train(work, observer, signal) {
      const training = trainings++;
      for (const run of work.runs) {
        if (options.scheduler !== null)
          await Promise.race([options.scheduler.schedule(Promise.resolve(), `training ${training}`), aborted(signal)]);
        if (signal.aborted) return { kind: "stopped" };
        if (options.crashAt(training)) return { kind: "crashed", detail: "as the dice fell" };
        if (run.purpose === "finalise") {
          await observer.onRunEnd(run.runId, { state: "COMPLETED", result: resultOf(work, run, 1), answer: answerOf(work) });
          continue;
        }
        const loss = lossAt(question, work.capacity, run);
        const ended = diverges(question, work.capacity);
        const lasts = recipeOfRun({ maxEpochs: 2 }, run).maxEpochs;
        const epochs = [1, 2].slice(0, lasts).map((epoch) => ({
          runId: run.runId,
          epoch,
          trainingLoss: loss,
          validationLoss: loss / epoch,
          learningRate: run.learningRate,
        }));
        observer.onEpochs(ended ? epochs.slice(0, 1) : epochs);
        const result = ended
          ? { ...resultOf(work, run, null), epochs: 1 }
          : { ...resultOf(work, run, loss), epochs: lasts, bestEpoch: lasts };
        await observer.onRunEnd(run.runId, { state: ended ? "DIVERGED" : "COMPLETED", result });
      }
      return { kind: "done" };
    },
    close: async () => {},
  });
  const workers = Array.from({ length: options.workers }, (_, number) =>
    createSlots({
      store,
      queue,
      ids,
      workerId: `wrk_${number}` as WorkerId,
      log: () => {},
      timing: { epochBatchMs: 0, retryMs: 1, crashLimit: 1_000_000 },
      trainers: Array.from({ length: options.slots }, trainer),
      speculation: options.speculation,
      ending: ending.signal,
    }),
  );
  const consumers = await Promise.all(
    workers.map((slots) =>
      queue.consume(
        async (job) => {
          if (!(await slots.carryOut(job.assignmentId))) setTimeout(() => void queue.publish([job]), 1);
        },
        { concurrency: options.slots },
      ),
    ),
  );
  const unsubscribe = await store.subscribe(() => {
    for (const slots of workers) void slots.look();
  });
  const { experiment } = await createExperiment(
    { store, ids },
    { owner: localOwner, spec: specOf(question), plan: examplePlan(), idempotency: null },
  );
  const over = untilEnded(store, experiment.id, () => reconcile({ store, queue, ids }, { crashLimit: 1_000_000 }));
  await (options.scheduler === null ? over : options.scheduler.waitFor(over));
  ending.abort();
  await allIdle(workers);
  await Promise.all(consumers.map((consumer) => consumer.close()));
  await unsubscribe();
  const snapshot = await store.experiments.snapshot(experiment.id);
  if (snapshot === null) throw new Error("the experiment is gone");
  return {
    outcome: await outcomeText(store, snapshot),
    strays: strayEvents(snapshot, await store.experiments.events(experiment.id, 0, 100_000)),
    use: await store.work.speculationUse(experiment.id),
  };
}

async function untilEnded(store: Store, id: ExperimentId, round: () => Promise<void>): Promise<void> {
  for (let rounds = 0; (await store.experiments.find(null, id))?.endedAt === null; rounds++) {
    if (rounds > 4000) throw new Error(`the experiment did not end: ${JSON.stringify(await store.experiments.snapshot(id), null, 1)}`);
    await round();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function allIdle(workers: readonly Slots[]): Promise<void> {
  for (const slots of workers) await slots.idle();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Weights named by what was trained: another network, recipe, rate or seed has another name. */
function resultOf(
  { capacity, recipe }: { readonly capacity: Capacity; readonly recipe: unknown },
  { seed, learningRate }: Pick<TrainingRun, "seed" | "learningRate">,
  loss: number | null,
): RunResult {
  const weights: Sha256 | null = loss === null ? null : contentHash({ capacity, recipe, seed, learningRate });
  return {
    validationLoss: loss,
    trainingLoss: loss,
    metrics: loss === null ? null : { meanSquaredError: loss },
    epochs: 2,
    bestEpoch: 2,
    capped: false,
    diagnostics: null,
    cost: 2,
    trainMs: 0,
    weightsArtifact: weights,
    reason: null,
  };
}

function answerOf({ trialNumber, capacity, members }: TrainingWork) {
  const scores = { loss: members[0]?.validationLoss ?? 1, metrics: {} };
  return {
    trial: trialNumber,
    capacity,
    validation: scores,
    test: scores,
    delivered: { kind: "single" as const, members: [] },
    single: null,
    baselines: [],
    beatsMean: true,
    modelArtifact: null,
    sentence: `of ${members.map(({ weightsArtifact }) => weightsArtifact).join(" ")}`,
  };
}
