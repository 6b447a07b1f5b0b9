/** How an attempt and its assignment end, whoever ends them: the worker, the reconciler or the experiment. Under the experiment's lock. */
import { type AttemptEnd, type StoppedRun, statesBefore } from "@rightsize/core";
import { dispatchingStates, endOfUnasked, eventOf, isRequeueing, isUnasked, refusedChange, resultOfFailure } from "../rules.ts";
import { dropCheckpoints } from "./checkpoints.ts";
import type { Locked } from "./lock.ts";
import { type AssignmentRow, assignmentColumns, type RunRow, runColumns } from "./rows.ts";

/** A run with its trial's number, as events name it. */
export type NamedRunRow = RunRow & { trial: number | null };

/** An assignment's row, locked against heartbeats, with whether its lease is over by Postgres's clock. */
export async function lockAssignment(locked: Locked, id: string): Promise<(AssignmentRow & { expired: boolean }) | null> {
  const [row] = await locked.query<AssignmentRow & { expired: boolean }>(
    `SELECT ${assignmentColumns}, coalesce(lease_until < clock_timestamp(), false) AS expired
     FROM assignments WHERE id = $1 FOR NO KEY UPDATE`,
    [id],
  );
  return row ?? null;
}

/**
 * Locks the assignments of runs that are changed next. A batch of epochs holds its assignment's row while it writes its runs' rows: who
 * took the two the other way round would wait for it while it waits for them.
 */
export async function lockAssignmentsOf(locked: Locked, runIds: readonly string[]): Promise<void> {
  if (runIds.length === 0) return;
  await locked.query(
    "SELECT id FROM assignments WHERE id IN (SELECT assignment_id FROM runs WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE",
    [runIds],
  );
}

/** Runs of an assignment that have no result yet, in order. */
export function unfinishedRunsOf(locked: Locked, assignmentId: string): Promise<readonly NamedRunRow[]> {
  return locked.query<NamedRunRow>(
    `SELECT ${runColumns}, trials.number AS trial FROM runs JOIN trials ON trials.id = runs.trial_id
     WHERE assignment_id = $1 AND runs.state IN ('QUEUED', 'RUNNING') ORDER BY decision, position, runs.id`,
    [assignmentId],
  );
}

/** Ends an assignment's attempt (if one is open) and the assignment itself, or queues it again. */
export async function endAssignment(
  locked: Locked,
  assignment: AssignmentRow,
  unfinished: readonly NamedRunRow[],
  end: AttemptEnd,
  detail: string | null,
): Promise<void> {
  await locked.query(
    `UPDATE attempts SET "end" = $3, detail = $4, ended_at = clock_timestamp() WHERE assignment_id = $1 AND number = $2 AND "end" IS NULL`,
    [assignment.id, assignment.attempt, end, detail],
  );
  const unaskedEnd = endOfUnasked(end, detail);
  const what = isUnasked(assignment) ? unaskedEnd : { end, detail };
  const asked = unfinished.filter(({ decision }) => decision !== null);
  // Of an assignment that a decision took a part of, only that part is trained again.
  const dropsRest = isRequeueing(what.end) && unaskedEnd.end === "failed";
  const left = dropsRest ? asked : unfinished;
  if (dropsRest) {
    const rest = unfinished.filter(({ decision }) => decision === null);
    await failRuns(locked, rest, unaskedEnd.detail ?? "");
  }
  const ids = left.map((run) => run.id);
  if (isRequeueing(what.end) && left.length > 0) {
    await setState(locked, assignment, "QUEUED");
    await locked.query("UPDATE runs SET state = 'QUEUED' WHERE id = ANY($1) AND state = 'RUNNING'", [ids]);
    for (const run of asked) locked.events.push(eventOf.runRequeued(name(run), assignment.attempt, end, detail));
    if (dispatchingStates.includes(locked.experiment.state)) await locked.dispatch([assignment.id]);
    return;
  }
  if (what.end === "failed") {
    await setState(locked, assignment, "FAILED");
    await failRuns(locked, unfinished, what.detail ?? "The worker gave it up.");
    return;
  }
  if (what.end === "cancelled") {
    await setState(locked, assignment, "CANCELLED");
    await locked.query("UPDATE runs SET state = 'CANCELLED', ended_at = now() WHERE id = ANY($1)", [ids]);
    await dropCheckpoints(locked, ids);
    for (const run of asked) locked.events.push(eventOf.runEnded(name(run), "CANCELLED", null));
    return;
  }
  // Completed; or its worker ended after the last result that was asked for and before saying so: nothing is left to do.
  await setState(locked, assignment, "COMPLETED");
}

/** Gives up what is left of an assignment. An attempt that still holds it is told so by its heartbeat. */
export async function failAssignment(locked: Locked, assignment: AssignmentRow, reason: string): Promise<void> {
  await locked.query(
    `UPDATE attempts SET "end" = 'cancelled', detail = $2, ended_at = clock_timestamp() WHERE assignment_id = $1 AND "end" IS NULL`,
    [assignment.id, reason],
  );
  await setState(locked, assignment, "FAILED");
  await failRuns(locked, await unfinishedRunsOf(locked, assignment.id), reason);
}

async function failRuns(locked: Locked, runs: readonly NamedRunRow[], reason: string): Promise<void> {
  await dropCheckpoints(
    locked,
    runs.map((run) => run.id),
  );
  for (const run of runs) {
    const result = resultOfFailure(reason, run.epochs);
    await locked.query("UPDATE runs SET state = 'FAILED', result = $2, ended_at = now() WHERE id = $1", [run.id, JSON.stringify(result)]);
    if (run.decision !== null) locked.events.push(eventOf.runEnded(name(run), "FAILED", result));
  }
}

/** Cancels assignments that are not at their end; ids of other experiments are left alone. */
export async function cancelAssignments(locked: Locked, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const assignment = await lockAssignment(locked, id);
    if (assignment === null || assignment.experimentId !== locked.experiment.id) continue;
    if (assignment.state !== "QUEUED" && assignment.state !== "RUNNING") continue;
    await endAssignment(locked, assignment, await unfinishedRunsOf(locked, id), "cancelled", null);
  }
}

/** Ends runs where they are, with what is known of them; their assignments are not wanted any more. */
export async function stopRuns(locked: Locked, stopped: readonly StoppedRun[]): Promise<void> {
  if (stopped.length === 0) return;
  const rows = await locked.query<NamedRunRow>(
    `UPDATE runs SET state = 'STOPPED', result = given.result::json, ended_at = now()
     FROM unnest($2::text[], $3::text[]) AS given(id, result), trials
     WHERE runs.id = given.id AND runs.experiment_id = $1 AND trials.id = runs.trial_id
       AND runs.decision IS NOT NULL AND runs.state = ANY($4::run_state[])
     RETURNING ${runColumns}, trials.number AS trial`,
    [
      locked.experiment.id,
      stopped.map(({ runId }) => runId),
      stopped.map(({ result }) => JSON.stringify(result)),
      statesBefore("run", "STOPPED"),
    ],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { runId, result } of stopped) {
    const row = byId.get(runId);
    if (row === undefined) throw refusedChange("run", runId, "another one", "STOPPED");
    locked.events.push(eventOf.runEnded(name(row), "STOPPED", result));
  }
  await dropCheckpoints(
    locked,
    rows.map(({ id }) => id),
  );
  await cancelAssignments(locked, [...new Set(rows.map(({ assignmentId }) => assignmentId))].sort());
}

async function setState(locked: Locked, assignment: AssignmentRow, state: AssignmentRow["state"]): Promise<void> {
  await locked.query("UPDATE assignments SET state = $2::assignment_state, lease_until = NULL WHERE id = $1", [assignment.id, state]);
}

export function name(run: NamedRunRow): { id: string; trialId: string; trial: number | null; purpose: string } {
  return { id: run.id, trialId: run.trialId, trial: run.trial, purpose: run.purpose };
}
