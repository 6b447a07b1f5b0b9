/** What an experiment has used up so far, from what the store recorded by its own clock: no clock is read here, so a replay finds the same. */
import type { ExperimentSnapshot } from "@rightsize/core";

export interface TimeSpent {
  /**
   * Training time of all runs together, in seconds on one slot. Attempts that were lost left no time behind and aren't in it, nor is what
   * idle workers began and nobody has asked for: else a limit would come sooner because a worker had nothing to do.
   */
  readonly cpuSeconds: number;
  /** From the first claim to the last result, in seconds, pauses included. */
  readonly wallSeconds: number;
}
export const noTimeSpent: TimeSpent = { cpuSeconds: 0, wallSeconds: 0 };

export function timeSpent({ experiment, runs }: ExperimentSnapshot): TimeSpent {
  const trained = runs.filter((run) => run.result !== null && run.reusedFrom === null);
  const trainMs = trained.reduce((sum, run) => sum + (run.result?.trainMs ?? 0), 0);
  const ends = runs.flatMap((run) => (run.endedAt === null ? [] : [Date.parse(run.endedAt)]));
  const since = experiment.startedAt === null ? null : Date.parse(experiment.startedAt);
  const wallMs = since === null ? 0 : ends.reduce((longest, end) => Math.max(longest, end - since), 0);
  return { cpuSeconds: trainMs / 1000, wallSeconds: wallMs / 1000 };
}
