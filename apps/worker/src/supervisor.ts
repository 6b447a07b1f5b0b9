/** The supervisor: takes jobs from the queue, gives each to a free warm trainer, and lets go of everything in order at the end. */
import { totalmem } from "node:os";
import type { AssignmentId, IdSource, Queue, QueueConsumer, QueueJob, Store, WorkerId } from "@rightsize/core";
import { asRightsizeError } from "@rightsize/core";
import { type CarryOutEnd, type CarryOutLog, type CarryOutTiming, carryOut } from "@rightsize/orchestrator";
import { type ChildTrainer, startChildTrainer } from "./child-trainer.ts";
import type { TrainerSettings } from "./trainer-protocol.ts";

export interface SupervisorDependencies {
  readonly store: Store;
  readonly queue: Queue;
  readonly ids: IdSource;
  readonly log: CarryOutLog;
  readonly trainer: TrainerSettings;
  readonly slots: number;
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

/** Starts the trainers, announces the worker, and consumes until stopped. */
export async function startSupervisor(deps: SupervisorDependencies): Promise<Supervisor> {
  const { store, queue, log, slots } = deps;
  const trainers = await Promise.all(Array.from({ length: slots }, () => startChildTrainer(deps.trainer)));
  const free: ChildTrainer[] = [...trainers];
  const workerId = deps.ids("worker");
  const ending = new AbortController();
  const underWay = new Set<Promise<void>>();

  const announce = () =>
    store.workers.announce({
      id: workerId,
      machine: deps.machine,
      processId: process.pid,
      slots,
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

  const handle = async (job: QueueJob): Promise<void> => {
    const trainer = free.pop();
    if (trainer === undefined) throw new Error("the queue handed out more jobs than there are slots");
    try {
      // An experiment's next assignment is taken on at once: its data is warm here, and the queue would only bring it back.
      for (let next: AssignmentId | null = job.assignmentId; next !== null && !ending.signal.aborted; ) {
        const end: CarryOutEnd = await carryOut({ ...deps, workerId }, trainer, next, ending.signal);
        next = end.next;
      }
    } catch (error) {
      log("warn", "the assignment was not carried out", { assignmentId: job.assignmentId, error: asRightsizeError(error).message });
    } finally {
      free.push(trainer);
    }
  };
  const consumer: QueueConsumer = await queue.consume(
    (job) => {
      const work = handle(job).finally(() => underWay.delete(work));
      underWay.add(work);
      return work;
    },
    { concurrency: slots },
  );
  return {
    workerId,
    async stop() {
      clearInterval(seen);
      ending.abort();
      const closed = consumer.close();
      await Promise.all(underWay);
      await Promise.all([closed, ...trainers.map((trainer) => trainer.close())]);
      await store.workers.leave(workerId).catch(() => {});
    },
  };
}
