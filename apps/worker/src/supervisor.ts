/** The supervisor: takes jobs from the queue, gives each to a slot with a warm trainer, and lets go of everything in order at the end. */
import { totalmem } from "node:os";
import type { IdSource, Queue, QueueConsumer, QueueJob, Store, WorkerId } from "@rightsize/core";
import { asRightsizeError } from "@rightsize/core";
import { type CarryOutLog, type CarryOutTiming, createSlots, type Slots } from "@rightsize/orchestrator";
import { startChildTrainer } from "./child-trainer.ts";
import type { TrainerSettings } from "./trainer-protocol.ts";

export interface SupervisorDependencies {
  readonly store: Store;
  readonly queue: Queue;
  readonly ids: IdSource;
  readonly log: CarryOutLog;
  readonly trainer: TrainerSettings;
  readonly slots: number;
  /** Whether idle slots train what may be asked for soon. */
  readonly speculation: boolean;
  readonly machine: string;
  readonly timing?: Partial<CarryOutTiming>;
}
export interface Supervisor {
  readonly workerId: WorkerId;
  /** Releases what is being trained (it is trained on elsewhere), ends the trainers, says goodbye. */
  stop(): Promise<void>;
}

/** How often a worker says that it lives, in milliseconds. */
const seenEveryMs = 5000;
/** How often an idle slot looks for something to speculate on when no signal came, in milliseconds. */
const lookEveryMs = 1000;
/** Signals within so many milliseconds lead to one look. */
const gatherMs = 20;
/** After so many milliseconds a job for which no slot could be had is offered to all workers again. */
const handOnMs = 100;

/** Starts the trainers, announces the worker, and consumes until stopped. */
export async function startSupervisor(deps: SupervisorDependencies): Promise<Supervisor> {
  const { store, queue, log } = deps;
  const trainers = await Promise.all(Array.from({ length: deps.slots }, () => startChildTrainer(deps.trainer)));
  const workerId = deps.ids("worker");
  const ending = new AbortController();

  const announce = () =>
    store.workers.announce({
      id: workerId,
      machine: deps.machine,
      processId: process.pid,
      slots: deps.slots,
      engines: deps.trainer.engines,
      fingerprint: Object.values(trainers[0]?.fingerprints ?? {}).join(" | "),
      device: trainers[0]?.device ?? "",
      memoryBytes: totalmem(),
    });
  await announce();
  const seen = setInterval(() => {
    store.workers
      .seen(workerId)
      .then((known) => (known ? undefined : announce()))
      .catch((error: unknown) => log("warn", "could not say that this worker lives", { error: asRightsizeError(error).message }));
  }, seenEveryMs);

  const slots = createSlots({ ...deps, workerId, trainers, ending: ending.signal });
  const handle = async (job: QueueJob) => {
    if (await slots.carryOut(job.assignmentId)) return;
    // Once this job has ended, so that the queue takes it anew. One that is lost the reconciler brings back.
    setTimeout(() => void queue.publish([job]).catch(() => {}), handOnMs).unref();
  };
  const consumer: QueueConsumer = await queue.consume(handle, { concurrency: deps.slots });
  const stopLooking = deps.speculation ? await lookOften(store, slots) : async () => {};
  return {
    workerId,
    async stop() {
      clearInterval(seen);
      ending.abort();
      const closed = consumer.close();
      await stopLooking().catch(() => {});
      await slots.idle();
      await Promise.all([closed, ...trainers.map((trainer) => trainer.close())]);
      await store.workers.leave(workerId).catch(() => {});
    },
  };
}

/** Lets idle slots look whenever an experiment changed, and now and then in case a signal was lost. */
async function lookOften(store: Store, slots: Slots): Promise<() => Promise<void>> {
  let gathering: NodeJS.Timeout | undefined;
  const unsubscribe = await store.subscribe((signal) => {
    if (signal.kind !== "experiment") return;
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void slots.look();
    }, gatherMs);
  });
  const often = setInterval(() => void slots.look(), lookEveryMs);
  return async () => {
    clearInterval(often);
    clearTimeout(gathering);
    await unsubscribe();
  };
}
