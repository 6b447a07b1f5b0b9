/** What an experiment has used up so far, from what the store recorded by its own clock: no clock is read here, so a replay finds the same. */
import { type AssignmentId, type ExperimentSnapshot, isTerminal, type Moment } from "@rightsize/core";

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

/** The same at a moment, with what runs that were asked for have taken so far. The attempts that train them now count from their beginning. */
export function timeSpentAt(snapshot: ExperimentSnapshot, moment: Moment): TimeSpent {
  const { cpuSeconds } = timeSpent(snapshot);
  const underWay = moment.attempts.reduce((sum, { assignmentId }) => sum + underWayMs(snapshot, moment, assignmentId), 0);
  const since = snapshot.experiment.startedAt;
  return {
    cpuSeconds: cpuSeconds + underWay / 1000,
    wallSeconds: since === null ? 0 : Math.max(0, Date.parse(moment.now) - Date.parse(since)) / 1000,
  };
}

/** Time of a slot, in milliseconds, that the attempt under way at an assignment has put into its unfinished runs; 0 where none was asked for. */
export function underWayMs({ runs }: ExperimentSnapshot, moment: Moment, assignmentId: AssignmentId): number {
  const attempt = moment.attempts.find((one) => one.assignmentId === assignmentId);
  const mine = runs.filter((run) => run.assignmentId === assignmentId);
  if (attempt === undefined || mine.every((run) => isTerminal("run", run.state))) return 0;
  // Runs of the same attempt that have ended are counted with their results; a copied result's time was another experiment's.
  const ended = mine.filter(({ endedAt }) => endedAt !== null && Date.parse(endedAt) >= Date.parse(attempt.startedAt));
  const endedMs = ended.reduce((sum, { result, reusedFrom }) => sum + (reusedFrom === null ? (result?.trainMs ?? 0) : 0), 0);
  return Math.max(0, Date.parse(moment.now) - Date.parse(attempt.startedAt) - endedMs);
}
