/** Workers as the API shows them. */
import type { WorkerView } from "@rightsize/contract";
import { type WorkerPace, type WorkerRecord, workerPaceMinutes } from "@rightsize/core";

/** Workers serve every owner: unless `named`, what they are at is counted and not named. */
export function workerViews(workers: readonly WorkerRecord[], named: boolean): WorkerView[] {
  return workers.map(({ doing, ...worker }) => ({
    ...worker,
    ...(named ? { doing: doing.map(({ capacity, ...about }) => ({ ...about, capacity: { ...capacity } })) } : {}),
    engines: [...worker.engines],
    recent: paceView(worker.recent),
    running: named ? [...worker.running] : worker.running.map(() => "an assignment"),
  }));
}

function paceView({ runs, epochs, cost, trainMs }: WorkerPace): NonNullable<WorkerView["recent"]> {
  const perSecond = (amount: number) => (trainMs > 0 ? amount / (trainMs / 1000) : null);
  return { minutes: workerPaceMinutes, runs, epochs, epochsPerSecond: perSecond(epochs), workPerSecond: perSecond(cost) };
}
