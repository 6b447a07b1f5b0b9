/** The reconciler's look at all assignments in memory: lost leases, crash limits, dispatches that never arrived; the twin of postgres/reconcile.ts. */
import type { Experiment, ExperimentId, WorkStore } from "@rightsize/core";
import { crashLimitReason, dispatchingStates, isUnasked } from "../rules.ts";
import { dispatch, endAssignment, failAssignment, isExpired, unfinishedRunsOf } from "./assignments.ts";
import type { AssignmentRow, Change, State } from "./state.ts";

export function reconcile(state: State, limits: Parameters<WorkStore["reconcile"]>[0]): readonly ExperimentId[] {
  const changed = new Set<ExperimentId>();
  state.change((change) => {
    for (const assignment of state.assignments.values()) {
      if (settle(state, change, assignment, limits.crashLimit)) changed.add(assignment.experimentId);
    }
    for (const assignment of state.assignments.values()) {
      const experiment = state.experiments.get(assignment.experimentId) as Experiment;
      const old = assignment.dispatchedAtMs < change.timeMs - limits.redispatchMs;
      if (old && dispatchingStates.includes(experiment.state)) dispatch(state, change, [assignment.id]);
    }
  });
  return [...changed];
}

/** Looks at one assignment for the reconciler. True when its experiment must be advanced. */
function settle(state: State, change: Change, assignment: AssignmentRow, crashLimit: number): boolean {
  if (assignment.state !== "QUEUED" && assignment.state !== "RUNNING") return false;
  if (assignment.state === "RUNNING" && isExpired(assignment, change)) {
    const unfinished = unfinishedRunsOf(state, assignment.id);
    if (unfinished.length === 0) {
      endAssignment(state, change, assignment, [], "completed", "Closed by the reconciler: all runs had their results.");
      return true;
    }
    endAssignment(state, change, assignment, unfinished, "lease_lost", null);
    if (isUnasked(assignment)) return false;
    if (unfinishedRunsOf(state, assignment.id).length === 0) return true;
  }
  const ends = state.attempts
    .values()
    .filter((attempt) => attempt.assignmentId === assignment.id && (attempt.end === "crashed" || attempt.end === "lease_lost"))
    .sort((a, b) => a.number - b.number);
  const last = ends.at(-1);
  if (!last?.end || ends.length < crashLimit) return false;
  failAssignment(state, change, assignment, crashLimitReason(ends.length, crashLimit, last.end, last.detail));
  return true;
}
