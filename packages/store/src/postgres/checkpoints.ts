/** Checkpoints in Postgres: a run points to its last two, and what it points to no more is noted until its bytes are deleted. */
import type { AttemptRef, RightsizeError, Sha256, WorkStore } from "@rightsize/core";
import { foreignRun } from "../rules.ts";
import type { Database } from "./database.ts";
import type { Locked } from "./lock.ts";
import type { RunRow } from "./rows.ts";

type NewCheckpoint = Parameters<WorkStore["recordCheckpoint"]>[1];

/** The newest becomes the one before. A compare-and-set: an older checkpoint, or one of a run that has ended, is only noted as unneeded. */
export async function pointToCheckpoint(
  { sql }: Database,
  ref: AttemptRef,
  { runId, artifact, epoch }: NewCheckpoint,
  whyStale: (ref: AttemptRef) => Promise<RightsizeError>,
): Promise<void> {
  const [found] = await sql.query<{ held: boolean; known: boolean }>(
    `WITH held AS MATERIALIZED (
       SELECT id FROM assignments WHERE id = $1 AND attempt = $2 AND state = 'RUNNING' FOR SHARE
     ), before AS MATERIALIZED (
       SELECT runs.id, checkpoint_artifact AS newest, checkpoint_epoch AS newest_epoch, previous_checkpoint_artifact AS previous,
         coalesce(checkpoint_artifact = $4, false) AS same,
         state = 'RUNNING' AND (checkpoint_attempt IS NULL OR (checkpoint_attempt, checkpoint_epoch) <= ($2, $5)) AS newer
       FROM runs JOIN held ON held.id = assignment_id WHERE runs.id = $3 FOR NO KEY UPDATE OF runs
     ), pointed AS (
       UPDATE runs SET checkpoint_artifact = $4, checkpoint_attempt = $2, checkpoint_epoch = $5,
         previous_checkpoint_artifact = newest, previous_checkpoint_epoch = newest_epoch
       FROM before WHERE runs.id = before.id AND newer AND NOT same
     ), noted AS (
       INSERT INTO unneeded_checkpoints (artifact)
       SELECT artifact FROM (SELECT CASE WHEN newer THEN previous ELSE $4 END AS artifact FROM before WHERE NOT same) AS dropped
       WHERE artifact IS NOT NULL ON CONFLICT DO NOTHING
     )
     SELECT EXISTS (SELECT 1 FROM held) AS held, EXISTS (SELECT 1 FROM runs WHERE id = $3 AND assignment_id = $1) AS known`,
    [ref.assignmentId, ref.attempt, runId, artifact, epoch],
  );
  if (!found?.held) throw await whyStale(ref);
  if (!found.known) throw foreignRun(ref, [runId]);
}

/** Runs that have ended need none. */
export async function dropCheckpoints(locked: Locked, runIds: readonly string[]): Promise<void> {
  await locked.query(
    `WITH had AS MATERIALIZED (
       SELECT runs.id, artifact FROM runs, unnest(ARRAY[checkpoint_artifact, previous_checkpoint_artifact]) AS artifact
       WHERE runs.id = ANY($1) AND artifact IS NOT NULL
     ), noted AS (
       INSERT INTO unneeded_checkpoints (artifact) SELECT DISTINCT artifact FROM had ON CONFLICT DO NOTHING
     )
     UPDATE runs SET checkpoint_artifact = NULL, checkpoint_attempt = NULL, checkpoint_epoch = NULL,
       previous_checkpoint_artifact = NULL, previous_checkpoint_epoch = NULL
     WHERE id IN (SELECT id FROM had)`,
    [runIds],
  );
}

/** What a claim tells of a run's checkpoints, newest first. */
export function checkpointsOf(row: RunRow): readonly { readonly artifact: Sha256; readonly epoch: number }[] {
  return [
    { artifact: row.checkpointArtifact, epoch: row.checkpointEpoch },
    { artifact: row.previousCheckpointArtifact, epoch: row.previousCheckpointEpoch },
  ].flatMap(({ artifact, epoch }) => (artifact === null || epoch === null ? [] : [{ artifact: artifact as Sha256, epoch }]));
}
