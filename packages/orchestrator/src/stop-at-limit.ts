/**
 * A limit on time that is passed while runs are outstanding: they end where they are, and the search with the best of what was completed.
 * Which runs were stopped and why is written with the decision, so that a replay finds the same history.
 */
import {
  type ExperimentSnapshot,
  isTerminal,
  type LimitReached,
  type Moment,
  type Run,
  type RunResult,
  type StoppedRun,
} from "@rightsize/core";
import { timeLimitPassed } from "./decide-within-limits.ts";
import { timeSpentAt, underWayMs } from "./time-spent.ts";

export interface StoppedAtLimit {
  readonly limit: LimitReached;
  readonly stop: readonly StoppedRun[];
  /** As it will be once these runs are stopped. */
  readonly snapshot: ExperimentSnapshot;
}

/**
 * What a limit on time stops at a moment; null where none is passed, where nothing that a decision asked for is outstanding, and after
 * the last decision: the answer is always worked out.
 */
export function stoppedAtLimit(snapshot: ExperimentSnapshot, moment: Moment): StoppedAtLimit | null {
  const { experiment, decisions, runs } = snapshot;
  const last = decisions.at(-1)?.decision.action;
  const outstanding = runs.filter((run) => !isTerminal("run", run.state));
  if (last === undefined || last === "FINISH" || outstanding.length === 0) return null;
  const limit = timeLimitPassed(experiment.spec.limits, timeSpentAt(snapshot, moment));
  if (limit === null) return null;
  const stop = outstanding.map((run) => ({ runId: run.id, result: resultSoFar(snapshot, moment, run, limit) }));
  const resultOf = new Map(stop.map(({ runId, result }) => [runId, result]));
  const stopped = runs.map((run): Run => {
    const result = resultOf.get(run.id);
    return result === undefined ? run : { ...run, state: "STOPPED", result, endedAt: moment.now };
  });
  return { limit, stop, snapshot: { ...snapshot, runs: stopped } };
}

/** No score: where training was stopped says nothing of where it would have come. Its time and work were spent all the same. */
function resultSoFar(snapshot: ExperimentSnapshot, moment: Moment, run: Run, limit: LimitReached): RunResult {
  const unfinished = snapshot.runs.filter(({ assignmentId, state }) => assignmentId === run.assignmentId && !isTerminal("run", state));
  return {
    validationLoss: null,
    trainingLoss: null,
    metrics: null,
    epochs: run.epochs,
    bestEpoch: 0,
    capped: false,
    diagnostics: null,
    cost: run.epochs * workOfAnEpoch(snapshot, run),
    // Which of several had how much of the slot is not known here.
    trainMs: underWayMs(snapshot, moment, run.assignmentId) / unfinished.length,
    weightsArtifact: null,
    reason: stopReason(limit),
  };
}

/** Training rows × parameters. */
function workOfAnEpoch({ experiment, trials }: ExperimentSnapshot, run: Run): number {
  const parameters = trials.find(({ id }) => id === run.trialId)?.parameterCount ?? 0;
  return experiment.plan.trainingRows * parameters;
}

function stopReason({ kind, limit }: LimitReached): string {
  return `Stopped by the experiment's limit of ${limit} ${kind === "cpu" ? "CPU seconds" : "seconds"}.`;
}
