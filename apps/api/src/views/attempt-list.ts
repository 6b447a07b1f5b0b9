/** Every attempt of an experiment on its worker, also those at work that nobody had asked for. */
import type { PlacedAttempt } from "@rightsize/contract";
import type { Attempt, ExperimentSnapshot, WorkerRecord } from "@rightsize/core";
import { withoutSecrets } from "./experiment-log.ts";
import { grouped } from "./grouped.ts";

export interface AttemptSources {
  readonly snapshot: ExperimentSnapshot;
  readonly attempts: readonly Attempt[];
  /** Those that are known still. */
  readonly workers: readonly WorkerRecord[];
}

/** In the order in which they began. */
export function placedAttempts({ snapshot, attempts, workers }: AttemptSources): PlacedAttempt[] {
  const askedAt = new Map(snapshot.decisions.map(({ sequence, createdAt }) => [sequence, Date.parse(createdAt)]));
  const trials = new Map([...snapshot.trials, ...snapshot.speculative.trials].map((trial) => [trial.id, trial]));
  const asked = grouped(snapshot.runs, assignmentOf);
  const unasked = grouped(snapshot.speculative.runs, assignmentOf);
  const workersById = new Map<string, WorkerRecord>(workers.map((worker) => [worker.id, worker]));
  const began = ({ startedAt }: Attempt) => Date.parse(startedAt);
  return attempts
    .toSorted((a, b) => began(a) - began(b))
    .map((attempt) => {
      const runs = asked.get(attempt.assignmentId) ?? [];
      const trialId = (runs[0] ?? unasked.get(attempt.assignmentId)?.[0])?.trialId;
      const trial = trialId === undefined ? undefined : trials.get(trialId);
      const first = Math.min(...runs.map(({ decision }) => askedAt.get(decision) ?? Number.NEGATIVE_INFINITY));
      const worker = workersById.get(attempt.workerId);
      return {
        ...attempt,
        detail: attempt.detail === null ? null : withoutSecrets(attempt.detail),
        machine: worker?.machine ?? null,
        device: worker?.device ?? null,
        trial: runs.length === 0 ? null : (trial?.number ?? null),
        capacity: trial?.capacity ?? null,
        runIds: runs.map(({ id }) => id),
        asked: runs.length === 0 ? "never" : began(attempt) < first ? "after" : "before",
      };
    });
}

const assignmentOf = ({ assignmentId }: { readonly assignmentId: string }) => assignmentId;
