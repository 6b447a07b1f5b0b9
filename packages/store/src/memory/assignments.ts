/** How an attempt and its assignment end, and how assignments are dispatched; the twin of postgres/assignments.ts. */
import { type AttemptEnd, type Experiment, mayBecome, type StoppedRun } from "@rightsize/core";
import {
  dispatchingStates,
  endOfUnasked,
  eventOf,
  isRequeueing,
  isUnasked,
  isUnfinished,
  plain,
  refusedChange,
  resultOfFailure,
} from "../rules.ts";
import {
  type AnyRun,
  type AssignmentRow,
  type AssignmentState,
  type Change,
  dropCheckpoints,
  isAsked,
  runsWhere,
  type State,
  setRun,
} from "./state.ts";

export function unfinishedRunsOf(state: State, assignmentId: string): AnyRun[] {
  return runsWhere(state, (run) => run.assignmentId === assignmentId && isUnfinished(run.state));
}

/** Whether a lease is over. */
export function isExpired(assignment: AssignmentRow, change: Change): boolean {
  return assignment.leaseUntilMs !== null && assignment.leaseUntilMs < change.timeMs;
}

export function named(state: State, run: AnyRun): { id: string; trialId: string; trial: number | null; purpose: string } {
  return { id: run.id, trialId: run.trialId, trial: state.trials.get(run.trialId)?.number ?? null, purpose: run.purpose };
}

/** Writes outbox rows of QUEUED assignments that were asked for. */
export function dispatch(state: State, change: Change, ids: readonly string[]): void {
  for (const id of ids) {
    const assignment = state.assignments.get(id);
    if (assignment?.state !== "QUEUED" || isUnasked(assignment)) continue;
    state.assignments.set(id, { ...assignment, dispatchedAtMs: change.timeMs });
    const key = `${id} ${assignment.attempt}`;
    if (!state.outbox.get(key)) {
      state.outbox.set(key, { assignmentId: id, dispatch: assignment.attempt, priority: assignment.priority });
    }
    change.signal({ kind: "outbox" });
  }
}

function setState(state: State, id: string, to: AssignmentState): void {
  state.assignments.set(id, { ...(state.assignments.get(id) as AssignmentRow), state: to, leaseUntilMs: null });
}

function endOpenAttempt(state: State, change: Change, assignment: AssignmentRow, end: AttemptEnd, detail: string | null): void {
  const key = `${assignment.id} ${assignment.attempt}`;
  const attempt = state.attempts.get(key);
  if (attempt && attempt.end === null) state.attempts.set(key, { ...attempt, end, detail, endedAt: change.time });
}

/** Ends an assignment's attempt (if one is open) and the assignment itself, or queues it again. */
export function endAssignment(
  state: State,
  change: Change,
  assignment: AssignmentRow,
  unfinished: readonly AnyRun[],
  end: AttemptEnd,
  detail: string | null,
): void {
  endOpenAttempt(state, change, assignment, end, detail);
  const unaskedEnd = endOfUnasked(end, detail);
  const what = isUnasked(assignment) ? unaskedEnd : { end, detail };
  // Of an assignment that a decision took a part of, only that part is trained again.
  const dropsRest = isRequeueing(what.end) && unaskedEnd.end === "failed";
  const left = dropsRest ? unfinished.filter(isAsked) : unfinished;
  if (dropsRest) {
    const rest = unfinished.filter((run) => !isAsked(run));
    failRuns(state, change, rest, unaskedEnd.detail ?? "");
  }
  if (isRequeueing(what.end) && left.length > 0) {
    setState(state, assignment.id, "QUEUED");
    for (const run of left) {
      setRun(state, run.id, { state: "QUEUED" });
      if (run.decision === null) continue;
      change.event(assignment.experimentId, eventOf.runRequeued(named(state, run), assignment.attempt, end, detail));
    }
    const experiment = state.experiments.get(assignment.experimentId) as Experiment;
    if (dispatchingStates.includes(experiment.state)) dispatch(state, change, [assignment.id]);
    return;
  }
  if (what.end === "failed") {
    setState(state, assignment.id, "FAILED");
    failRuns(state, change, unfinished, what.detail ?? "The worker gave it up.");
    return;
  }
  if (what.end === "cancelled") {
    setState(state, assignment.id, "CANCELLED");
    dropCheckpoints(
      state,
      unfinished.map((run) => run.id),
    );
    for (const run of unfinished) {
      setRun(state, run.id, { state: "CANCELLED", endedAt: change.time });
      if (run.decision !== null) change.event(run.experimentId, eventOf.runEnded(named(state, run), "CANCELLED", null));
    }
    return;
  }
  setState(state, assignment.id, "COMPLETED");
}

/** Gives up what is left of an assignment. */
export function failAssignment(state: State, change: Change, assignment: AssignmentRow, reason: string): void {
  endOpenAttempt(state, change, assignment, "cancelled", reason);
  setState(state, assignment.id, "FAILED");
  failRuns(state, change, unfinishedRunsOf(state, assignment.id), reason);
}

function failRuns(state: State, change: Change, runs: readonly AnyRun[], reason: string): void {
  dropCheckpoints(
    state,
    runs.map((run) => run.id),
  );
  for (const run of runs) {
    const result = resultOfFailure(reason, run.epochs);
    setRun(state, run.id, { state: "FAILED", result, endedAt: change.time });
    if (run.decision !== null) change.event(run.experimentId, eventOf.runEnded(named(state, run), "FAILED", result));
  }
}

/** Cancels assignments that are not at their end. */
export function cancelAssignments(state: State, change: Change, experiment: Experiment, ids: readonly string[]): void {
  for (const id of ids) {
    const assignment = state.assignments.get(id);
    if (assignment?.experimentId !== experiment.id) continue;
    if (assignment.state !== "QUEUED" && assignment.state !== "RUNNING") continue;
    endAssignment(state, change, assignment, unfinishedRunsOf(state, id), "cancelled", null);
  }
}

/** Ends runs where they are, with what is known of them; their assignments are not wanted any more. */
export function stopRuns(state: State, change: Change, experiment: Experiment, stopped: readonly StoppedRun[]): void {
  const assignments = new Set<string>();
  for (const { runId, result } of stopped) {
    const run = state.runs.get(runId)?.run;
    if (run?.experimentId !== experiment.id || run.decision === null || !mayBecome("run", run.state, "STOPPED"))
      throw refusedChange("run", runId, "another one", "STOPPED");
    setRun(state, runId, { state: "STOPPED", result: plain(result), endedAt: change.time });
    dropCheckpoints(state, [runId]);
    assignments.add(run.assignmentId);
    change.event(experiment.id, eventOf.runEnded(named(state, run), "STOPPED", result));
  }
  cancelAssignments(state, change, experiment, [...assignments]);
}
