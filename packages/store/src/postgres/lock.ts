/** One change of one experiment: under its row's lock, with its events numbered there and one notification at the end. */
import type { AssignmentId, ExperimentId, ExperimentState, NewEvent } from "@rightsize/core";
import type { Database, Sql } from "./database.ts";
import { channel } from "./signals.ts";

export interface Locked extends Sql {
  readonly experiment: {
    readonly id: ExperimentId;
    readonly state: ExperimentState;
    readonly engineFingerprint: string | null;
    readonly engine: string;
  };
  /** Events of this change, in order; written when the work is done. */
  readonly events: NewEvent[];
  /** Writes outbox rows of QUEUED assignments that were asked for, with the attempts so far as their dispatch. */
  dispatch(assignments: readonly string[]): Promise<void>;
}

type LockRow = { id: ExperimentId; state: ExperimentState; eventCount: number; engineFingerprint: string | null; engine: string };

const lockedColumns = `id, state, event_count AS "eventCount", engine_fingerprint AS "engineFingerprint", spec->'engine'->>'name' AS engine`;

/**
 * Locks the experiment (or an assignment's experiment) and does the work; null when there is no such thing. The lock is taken by a
 * statement of its own: what the work reads afterwards is what the lock's last holder committed.
 */
export async function underLock<Result>(
  database: Database,
  what: { readonly experimentId: ExperimentId } | { readonly assignmentId: AssignmentId },
  work: (locked: Locked) => Promise<Result>,
): Promise<Result | null> {
  return database.transaction(async (sql) => {
    const [row] =
      "experimentId" in what
        ? await sql.query<LockRow>(`SELECT ${lockedColumns} FROM experiments WHERE id = $1 FOR NO KEY UPDATE`, [what.experimentId])
        : await sql.query<LockRow>(
            `SELECT ${lockedColumns} FROM experiments
             WHERE id = (SELECT experiment_id FROM assignments WHERE id = $1) FOR NO KEY UPDATE`,
            [what.assignmentId],
          );
    if (row === undefined) return null;
    return workOn(sql, row, work);
  });
}

/** The same for an experiment that this transaction has just made. */
export async function workOn<Result>(sql: Sql, row: LockRow, work: (locked: Locked) => Promise<Result>): Promise<Result> {
  const { eventCount, ...experiment } = row;
  const events: NewEvent[] = [];
  let dispatched = false;
  const result = await work({
    ...sql,
    experiment,
    events,
    async dispatch(assignments) {
      if (assignments.length === 0) return;
      dispatched = true;
      await sql.query(
        `WITH stamped AS (
           UPDATE assignments SET dispatched_at = clock_timestamp() WHERE id = ANY($1) AND state = 'QUEUED'
             AND (NOT speculative OR adopted_at IS NOT NULL) RETURNING id, attempt, priority
         )
         INSERT INTO outbox (assignment_id, dispatch, priority) SELECT id, attempt, priority FROM stamped ON CONFLICT DO NOTHING`,
        [assignments],
      );
    },
  });
  const signals = [...(events.length > 0 ? [`x:${row.id}`] : []), ...(dispatched ? ["o"] : [])];
  if (signals.length === 0) return result;
  await sql.query(
    `WITH counted AS (
       UPDATE experiments SET event_count = event_count + cardinality($2::text[]) WHERE id = $1 AND cardinality($2::text[]) > 0
     ), written AS (
       INSERT INTO events (experiment_id, sequence, kind, data)
       SELECT $1, $4 + place, kind, data::json FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS new(kind, data, place)
     )
     SELECT pg_notify('${channel}', signal) FROM unnest($5::text[]) AS signal`,
    [row.id, events.map((event) => event.kind), events.map((event) => JSON.stringify(event.data)), eventCount, signals],
  );
  return result;
}
