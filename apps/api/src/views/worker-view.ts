/** Workers as the API shows them. */
import type { WorkerView } from "@rightsize/contract";
import type { WorkerRecord } from "@rightsize/core";

/** Workers serve every owner: unless `named`, what they are at is counted and not named. */
export function workerViews(workers: readonly WorkerRecord[], named: boolean): WorkerView[] {
  return workers.map((worker) => ({
    ...worker,
    engines: [...worker.engines],
    running: named ? [...worker.running] : worker.running.map(() => "an assignment"),
  }));
}
