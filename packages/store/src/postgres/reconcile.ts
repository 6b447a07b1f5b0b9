/** The reconciler's look at all assignments: lost leases, crash limits, dispatches that never arrived. Any number of them may run at once. */
import type { AttemptEnd, ExperimentId, WorkStore } from "@rightsize/core";
import { crashLimitReason, isUnasked } from "../rules.ts";
import { endAssignment, failAssignment, lockAssignment, unfinishedRunsOf } from "./assignments.ts";
import type { Database, Sql } from "./database.ts";
import { type Locked, underLock } from "./lock.ts";
import { channel } from "./signals.ts";

type Limits = Parameters<WorkStore["reconcile"]>[0];

const badEnds = `"end" IN ('crashed', 'lease_lost')`;

export async function reconcileAssignments(database: Database, limits: Limits): Promise<readonly ExperimentId[]> {
  const changed = new Set<ExperimentId>();
  const suspects = await database.guard(() =>
    database.sql.query<{ id: string; experimentId: ExperimentId }>(
      `SELECT id, experiment_id AS "experimentId" FROM assignments
       WHERE (state = 'RUNNING' AND lease_until < clock_timestamp())
          OR (state IN ('QUEUED', 'RUNNING') AND attempt >= $1
              AND (SELECT count(*) FROM attempts WHERE assignment_id = assignments.id AND ${badEnds}) >= $1)
       ORDER BY experiment_id, id`,
      [limits.crashLimit],
    ),
  );
  for (const suspect of suspects) {
    // One transaction each: a long list must not hold many experiments' locks.
    const mustLook = await underLock(database, { experimentId: suspect.experimentId }, (locked) =>
      settle(locked, suspect.id, limits.crashLimit),
    );
    if (mustLook) changed.add(suspect.experimentId);
  }
  await database.transaction((sql) => redispatch(sql, limits.redispatchMs));
  return [...changed];
}

/** Looks at one assignment again, now under the lock. True when its experiment must be advanced. */
async function settle(locked: Locked, id: string, crashLimit: number): Promise<boolean> {
  const assignment = await lockAssignment(locked, id);
  if (assignment === null || (assignment.state !== "QUEUED" && assignment.state !== "RUNNING")) return false;
  if (assignment.state === "RUNNING" && assignment.expired) {
    const unfinished = await unfinishedRunsOf(locked, id);
    if (unfinished.length === 0) {
      // The worker ended between its last result and saying so: nothing was wasted.
      await endAssignment(locked, assignment, [], "completed", "Closed by the reconciler: all runs had their results.");
      return true;
    }
    await endAssignment(locked, assignment, unfinished, "lease_lost", null);
    if (isUnasked(assignment)) return false;
    if ((await unfinishedRunsOf(locked, id)).length === 0) return true;
  }
  const ends = await locked.query<{ end: AttemptEnd; detail: string | null }>(
    `SELECT "end", detail FROM attempts WHERE assignment_id = $1 AND ${badEnds} ORDER BY number`,
    [id],
  );
  const last = ends.at(-1);
  if (last === undefined || ends.length < crashLimit) return false;
  await failAssignment(locked, assignment, crashLimitReason(ends.length, crashLimit, last.end, last.detail));
  return true;
}

/** Queued assignments whose dispatch is old may have been lost with the queue: the same dispatch once more, which a queue that has it ignores. */
async function redispatch(sql: Sql, redispatchMs: number): Promise<void> {
  await sql.query(
    `WITH due AS MATERIALIZED (
       SELECT assignments.id, attempt, priority FROM assignments JOIN experiments ON experiments.id = experiment_id
       WHERE assignments.state = 'QUEUED' AND experiments.state IN ('QUEUED', 'RUNNING')
         AND (NOT speculative OR adopted_at IS NOT NULL)
         AND dispatched_at < clock_timestamp() - $1 * interval '1 millisecond'
       FOR NO KEY UPDATE OF assignments SKIP LOCKED
     ), stamped AS (
       UPDATE assignments SET dispatched_at = clock_timestamp() FROM due WHERE assignments.id = due.id
     ), written AS (
       INSERT INTO outbox (assignment_id, dispatch, priority) SELECT id, attempt, priority FROM due ON CONFLICT DO NOTHING RETURNING 1
     )
     SELECT pg_notify('${channel}', 'o') WHERE EXISTS (SELECT 1 FROM written)`,
    [redispatchMs],
  );
}
