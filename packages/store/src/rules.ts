/** What both stores must agree on: events of the store's own changes, checks of a plan, and small rules. Pure. */
import {
  type AdvancePlan,
  type AttemptEnd,
  type AttemptRef,
  type EpochRecord,
  type Experiment,
  type ExperimentState,
  isTerminal,
  type NewEvent,
  RightsizeError,
  type Run,
  type RunResult,
  type RunState,
  type TrainedRun,
  type Trial,
} from "@rightsize/core";

/** Attempt ends after which the unfinished runs are trained again. */
export type Requeueing = Extract<AttemptEnd, "crashed" | "lease_lost" | "released">;
export function isRequeueing(end: AttemptEnd): end is Requeueing {
  return end === "crashed" || end === "lease_lost" || end === "released";
}

/** States of an experiment in which its queued assignments are put on the queue. */
export const dispatchingStates: readonly ExperimentState[] = ["QUEUED", "RUNNING"];

/** The words of a search, in lower case. */
export const wordsOf = (search: string | undefined): string[] =>
  (search ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");

/** Whether an assignment was begun by an idle worker and nobody has asked for it yet. */
export function isUnasked(assignment: { readonly speculative: boolean; readonly adoptedAt: unknown }): boolean {
  return assignment.speculative && assignment.adoptedAt === null;
}

/** How work that nobody asked for ends: as it was told to, but crashed or lost it fails for good. */
export function endOfUnasked(end: AttemptEnd, detail: string | null): { readonly end: AttemptEnd; readonly detail: string | null } {
  if (end !== "crashed" && end !== "lease_lost") return { end, detail };
  const what = end === "crashed" ? "it crashed" : "its lease was lost";
  return { end: "failed", detail: `Speculative work is not trained again: ${what}${detail === null ? "" : `: ${detail}`}.` };
}

/** Only what waits, runs or has a result may be adopted. */
export function notAdoptable(runId: string, received: string): RightsizeError {
  return new RightsizeError("conflict", `Run ${runId} can't be adopted.`, {
    issues: [{ where: runId, received, required: "a speculative run of this experiment that is QUEUED, RUNNING, COMPLETED or DIVERGED" }],
  });
}

/** How an event names a run; `trial` is the trial's number. */
interface NamedRun {
  readonly id: string;
  readonly trialId: string;
  readonly trial: number | null;
  readonly purpose: string;
}
const naming = (run: NamedRun) => ({ runId: run.id, trialId: run.trialId, trial: run.trial, purpose: run.purpose });

export const eventOf = {
  experimentState: (state: ExperimentState, reason: string | null): NewEvent => ({ kind: "experiment.state", data: { state, reason } }),
  runStarted: (run: NamedRun, attempt: number, workerId: string): NewEvent => ({
    kind: "run.started",
    data: { ...naming(run), attempt, workerId },
  }),
  runRequeued: (run: NamedRun, attempt: number, end: AttemptEnd, detail: string | null): NewEvent => ({
    kind: "run.requeued",
    data: { ...naming(run), attempt, end, detail },
  }),
  runEnded: (run: NamedRun, state: string, result: Pick<RunResult, "validationLoss" | "epochs" | "reason"> | null): NewEvent => ({
    kind: "run.ended",
    data: {
      ...naming(run),
      state,
      validationLoss: result?.validationLoss ?? null,
      epochs: result?.epochs ?? null,
      reason: result?.reason ?? null,
    },
  }),
};

/** The result of a run that never got one: only the reason, and the epochs that were recorded. */
export function resultOfFailure(reason: string, epochs: number): RunResult {
  return {
    validationLoss: null,
    trainingLoss: null,
    metrics: null,
    epochs,
    bestEpoch: 0,
    capped: false,
    diagnostics: null,
    cost: 0,
    trainMs: 0,
    weightsArtifact: null,
    reason,
  };
}

/** Why an assignment is given up. */
export function crashLimitReason(count: number, limit: number, lastEnd: AttemptEnd, lastDetail: string | null): string {
  const last = lastEnd === "lease_lost" ? "its lease was lost" : "it crashed";
  return `Given up after ${count} attempts that crashed or lost their lease (limit ${limit}); the last time ${last}${lastDetail ? `: ${lastDetail}` : ""}.`;
}

/** Refuses a plan that doesn't continue what is stored. */
export function checkPlan(plan: AdvancePlan, storedDecisions: number): void {
  if (plan.decision && plan.decision.sequence !== storedDecisions + 1) {
    throw new RightsizeError("conflict", "A decision must continue the stored ones without a gap.", {
      issues: [{ where: "decision.sequence", received: `${plan.decision.sequence}`, required: `${storedDecisions + 1}` }],
    });
  }
}

/** Refuses a change of state that the lifecycle doesn't allow. */
export function refusedChange(what: "experiment" | "trial" | "run", id: string, from: string, to: string): RightsizeError {
  return new RightsizeError("conflict", `${what} ${id} can't become ${to}.`, {
    issues: [{ where: `${what}.state`, received: `${from} → ${to}`, required: `a change that the ${what}'s lifecycle allows` }],
  });
}

/** Only what has ended may be deleted. */
export function notEnded(state: ExperimentState): RightsizeError {
  return new RightsizeError("conflict", `The experiment is ${state}: cancel it first.`, {
    issues: [{ where: "the experiment's state", received: state, required: "SUCCEEDED, FAILED or CANCELLED" }],
  });
}

/** A dataset stays while experiments are about it; `experiments` may be the first few of them. */
export function usedByExperiments(dataset: string, experiments: readonly string[]): RightsizeError {
  const named = experiments.slice(0, 5).join(", ");
  return new RightsizeError("conflict", "The dataset is used by experiments: delete them first.", {
    issues: [
      { where: dataset, received: experiments.length > 5 ? `${named} and more` : named, required: "no experiment about this dataset" },
    ],
  });
}

export function datasetGone(dataset: string): RightsizeError {
  return new RightsizeError("not_found", `There is no dataset ${dataset}.`, {
    issues: [{ where: "/dataset", received: dataset, required: "the id of an uploaded dataset" }],
  });
}

export function tooManyOpen(limit: number): RightsizeError {
  return new RightsizeError("too_many_requests", `You have ${limit} experiments that have not ended, and may have no more at once.`, {
    issues: [{ where: "open experiments", received: `${limit + 1}`, required: `at most ${limit}: wait for one to end, or cancel one` }],
  });
}

export function staleAttempt(ref: AttemptRef, why: string): RightsizeError {
  return new RightsizeError("stale_attempt", `Attempt ${ref.attempt} of ${ref.assignmentId} no longer holds its assignment: ${why}.`);
}

export function foreignRun(ref: AttemptRef, runIds: readonly string[]): RightsizeError {
  return new RightsizeError("not_found", `Assignment ${ref.assignmentId} has no such run.`, {
    issues: runIds.map((id) => ({ where: "runId", received: id, required: "a run of this assignment" })),
  });
}

/** `completed` is only true when nothing is left to do. */
export function unfinishedRuns(ref: AttemptRef, runIds: readonly string[]): RightsizeError {
  return new RightsizeError("conflict", `Attempt ${ref.attempt} of ${ref.assignmentId} is not completed: runs are left.`, {
    issues: runIds.map((id) => ({ where: "run", received: `${id} without a result`, required: "a result for each run" })),
  });
}

/** Run counts before anything is counted: each state is there. */
export const noRuns: Readonly<Record<RunState, number>> = {
  QUEUED: 0,
  RUNNING: 0,
  COMPLETED: 0,
  DIVERGED: 0,
  STOPPED: 0,
  FAILED: 0,
  CANCELLED: 0,
};

/** A batch without doubles: of the same epoch of the same run the first counts. */
export function distinctEpochs(epochs: readonly EpochRecord[]): readonly EpochRecord[] {
  const seen = new Map<string, EpochRecord>();
  for (const epoch of epochs) {
    const key = `${epoch.runId} ${epoch.epoch}`;
    if (!seen.has(key)) seen.set(key, epoch);
  }
  return seen.size === epochs.length ? epochs : [...seen.values()];
}

/** As JSON would give it back: what is stored is what both stores return (numbers that are not finite become null). */
export function plain<Value>(value: Value): Value {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as Value);
}

export function isUnfinished(state: Run["state"]): boolean {
  return !isTerminal("run", state);
}

/** Experiments whose runs an estimate may learn from. */
export const experimentsLearnedFrom = 20;

/** What an estimate may know of a completed run; null for one without a score. */
export function trainedRunOf(
  run: Pick<Run, "assignmentId" | "fold" | "learningRate" | "maxEpochs" | "result">,
  trial: Trial | undefined,
  experiment: Experiment | undefined,
): TrainedRun | null {
  if (trial === undefined || experiment === undefined || run.result === null || run.result.validationLoss === null) return null;
  const { spec, plan } = experiment;
  // A learning curve's runs train on fewer rows than its plan says.
  if (spec.learningCurveOf !== undefined) return null;
  const { validationLoss, epochs, bestEpoch, trainMs } = run.result;
  return {
    assignmentId: run.assignmentId,
    dataset: spec.dataset,
    target: spec.target,
    plan: plan.artifact,
    engine: spec.engine.name,
    inputs: plan.inputs,
    outputs: plan.outputs,
    trainingRows: plan.trainingRows,
    validationRows: plan.validationRows,
    capacity: trial.capacity,
    recipe: trial.recipe,
    learningRate: run.learningRate,
    ...(run.maxEpochs === undefined ? {} : { maxEpochs: run.maxEpochs }),
    fold: run.fold,
    validationLoss,
    epochs,
    bestEpoch,
    trainMs,
  };
}
