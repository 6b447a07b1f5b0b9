/** Several real workers at once on the in-memory twins: each question to the store and each answer waits until a scheduler lets it through. */
import {
  type AssignmentId,
  countedIds,
  type ExperimentSnapshot,
  type ExperimentSpec,
  localOwner,
  type Queue,
  type QueueJob,
  RightsizeError,
  type Store,
  type WorkerId,
} from "@rightsize/core";
import { carryOut, createExperiment, reconcile } from "@rightsize/orchestrator";
import { createMemoryStore } from "@rightsize/store";
import type { Scheduler } from "fast-check";
import { vi } from "vitest";
import { exampleDataset, examplePlan } from "./examples.ts";
import { outcomeText } from "./outcome.ts";
import { createScriptedTrainer } from "./scripted-trainer.ts";

export const mishaps = [
  "the question is lost",
  "the answer is lost",
  "the worker dies",
  "the worker sleeps",
  "a message is lost",
  "a message is doubled",
] as const;

/** What goes wrong: the mishap at the n-th question of a worker to the store (of messages: at the n-th message). */
export interface Chaos {
  readonly mishaps: readonly { readonly at: number; readonly kind: (typeof mishaps)[number] }[];
  /** Milliseconds by which the store's clock goes on (or back) at each tick, over and over. */
  readonly ticks: readonly number[];
}

export interface ScheduledOutcome {
  readonly outcome: readonly string[];
  readonly snapshot: ExperimentSnapshot;
  /** Writes that the store took though another attempt had begun; there must be none. */
  readonly acceptedStale: readonly string[];
  /** What was seen, so that a test can say that mishaps did happen. */
  readonly staleWrites: number;
  readonly died: number;
  readonly slept: number;
  readonly attempts: number;
}

const workers = 3;
const timing = { leaseMs: 10_000, heartbeatMs: 3000, epochBatchMs: 200, retryMs: 500 };
/** After so many steps nothing goes wrong any more. */
const calmAfter = 1500;
const mostSteps = 20_000;

interface ScheduledWorker {
  readonly id: WorkerId;
  busy: boolean;
  dead: boolean;
  /** Resolves when it may go on; a dead one never may. */
  awake: Promise<void>;
}

/** Everything that is ready to go on does: promises only, no timers. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Runs one experiment to its end under the scheduler's order. Needs fake timers: time passes in ticks that the scheduler places. */
export async function runScheduled(spec: ExperimentSpec, scheduler: Scheduler, chaos: Chaos): Promise<ScheduledOutcome> {
  let nowMs = 1_000_000;
  const store = createMemoryStore({ now: () => nowMs });
  const ids = countedIds();
  const kindAt = new Map(chaos.mishaps.map(({ at, kind }) => [at, kind]));
  const seen = { died: 0, slept: 0 };
  const acceptedStale: string[] = [];
  const waiting: QueueJob[] = [];
  const pool: ScheduledWorker[] = [];
  /** The process that reconciles; only its questions and answers get lost. */
  const api: ScheduledWorker = { id: "api" as WorkerId, busy: false, dead: false, awake: Promise.resolve() };
  let questions = 0;
  let messages = 0;
  let steps = 0;
  let over = false;
  const calm = () => steps > calmAfter || over;
  const turn = (what: string) => scheduler.schedule(Promise.resolve(), what);

  /** The store as a worker reaches it. */
  function lineOf(worker: ScheduledWorker): Store {
    const throughLine = <Part extends object>(name: string, part: Part): Part =>
      new Proxy(part, {
        get: (target, member) => {
          const method = Reflect.get(target, member) as (...given: unknown[]) => Promise<unknown>;
          return async (...given: unknown[]) => {
            await worker.awake;
            const mishap = calm() ? undefined : kindAt.get(questions++);
            await turn(`${worker.id} asks ${name}.${String(member)}`);
            if (mishap === "the question is lost") throw new RightsizeError("unavailable", "the question was lost");
            const answer = method.apply(target, given);
            const taken = await answer.then(
              () => true,
              () => false,
            );
            if (taken) await mustBeLatest(String(member), given[0]);
            if (mishap === "the worker dies" && worker !== api) die(worker);
            if (mishap === "the worker sleeps" && worker !== api) sleep(worker);
            await turn(`${worker.id} hears of ${name}.${String(member)}`);
            await worker.awake;
            if (mishap === "the answer is lost") throw new RightsizeError("unavailable", "the answer was lost");
            return answer;
          };
        },
      });
    return {
      ...store,
      datasets: throughLine("datasets", store.datasets),
      experiments: throughLine("experiments", store.experiments),
      work: throughLine("work", store.work),
      outbox: throughLine("outbox", store.outbox),
    };
  }

  /** A write that the store took must be the latest attempt's. */
  async function mustBeLatest(what: string, ref: unknown): Promise<void> {
    if (typeof ref !== "object" || ref === null || !("attempt" in ref) || !("assignmentId" in ref)) return;
    const attempts = (await store.work.attempts(experiment.id)).filter(({ assignmentId }) => assignmentId === ref.assignmentId);
    const latest = Math.max(...attempts.map(({ number }) => number));
    if (ref.attempt !== latest) acceptedStale.push(`${what} of attempt ${ref.attempt} of ${ref.assignmentId} at attempt ${latest}`);
  }
  function die(worker: ScheduledWorker): void {
    seen.died++;
    worker.dead = true;
    worker.awake = new Promise(() => {});
    pool.splice(pool.indexOf(worker), 1, newWorker());
  }
  /** For longer than a lease, as a rule: others take over, and what it says when it wakes up is late. */
  function sleep(worker: ScheduledWorker): void {
    seen.slept++;
    worker.awake = (async () => {
      const until = nowMs + 2 * timing.leaseMs;
      while (nowMs < until && !over) await turn(`${worker.id} sleeps`);
    })();
  }
  function newWorker(): ScheduledWorker {
    return { id: `wrk_${pool.length + seen.died + 1}` as WorkerId, busy: false, dead: false, awake: Promise.resolve() };
  }

  const queue: Queue = {
    async publish(jobs) {
      for (const job of jobs) {
        const mishap = calm() ? undefined : kindAt.get(messages++);
        if (mishap === "a message is lost") continue;
        void deliver(job);
        if (mishap === "a message is doubled") void deliver(job);
      }
    },
    consume: async () => ({ close: async () => {} }),
    depth: async () => ({ waiting: waiting.length, active: 0 }),
    check: async () => {},
    close: async () => {},
  };
  async function deliver(job: QueueJob): Promise<void> {
    await turn(`${job.assignmentId} is delivered`);
    waiting.push(job);
    for (const worker of pool) if (!worker.busy) void serve(worker);
  }
  /** A slot: takes what waits, until nothing does. */
  async function serve(worker: ScheduledWorker): Promise<void> {
    worker.busy = true;
    const line = lineOf(worker);
    const trainer = createScriptedTrainer({
      pause: async () => {
        await turn(`${worker.id} trains`);
        await worker.awake;
      },
    });
    const deps = { store: line, queue, ids, workerId: worker.id, log: () => {}, timing: { ...timing, crashLimit: 1_000_000 } };
    for (let job = waiting.shift(); job !== undefined && !worker.dead; job = waiting.shift()) {
      let next: AssignmentId | null = job.assignmentId;
      try {
        while (next !== null) next = (await carryOut(deps, trainer, next, new AbortController().signal)).next;
      } catch {
        // The claim could not be asked: the reconciler sends the message again.
      }
    }
    worker.busy = false;
  }
  async function timePasses(): Promise<void> {
    for (let tick = 0; !over; tick++) {
      await turn("time passes");
      const ms = calm() ? 1000 : (chaos.ticks[tick % chaos.ticks.length] ?? 1000);
      nowMs += ms;
      vi.advanceTimersByTime(Math.max(0, ms));
      // Another process: its own failures are its own.
      if (tick % 3 === 0) void reconcile({ store: lineOf(api), queue, ids }, { crashLimit: 1_000_000 }).catch(() => {});
    }
  }

  for (let place = 0; place < workers; place++) pool.push(newWorker());
  await store.datasets.put(exampleDataset());
  const { experiment } = await createExperiment({ store, ids }, { owner: localOwner, spec, plan: examplePlan(), idempotency: null });
  void timePasses();
  while ((await store.experiments.find(null, experiment.id))?.endedAt === null) {
    if (++steps > mostSteps) throw new Error(`the experiment did not end within ${mostSteps} steps`);
    await settled();
    await scheduler.waitOne();
    await settled();
  }
  over = true;
  // Sleepers wake up and say what they have to say: it is late, and changes nothing.
  for (let late = 0; late < 300 && scheduler.count() > 0; late++) {
    await scheduler.waitOne();
    await settled();
  }
  vi.clearAllTimers();
  const snapshot = await store.experiments.snapshot(experiment.id);
  if (snapshot === null) throw new Error("the experiment is gone");
  return {
    ...seen,
    acceptedStale,
    snapshot,
    outcome: await outcomeText(store, snapshot),
    staleWrites: await store.work.staleWriteCount(),
    attempts: (await store.work.attempts(experiment.id)).length,
  };
}
