/** Deletions in Postgres: rows go, and the artifacts that no other row refers to are named, by query and not by a counter that could drift. */
import type { ExperimentId, OwnerId, Removed, Sha256 } from "@rightsize/core";
import { isTerminal } from "@rightsize/core";
import { notEnded, usedByExperiments } from "../rules.ts";
import type { Database, Sql } from "./database.ts";
import { underLock } from "./lock.ts";

/** Those of the given artifacts that no row refers to. */
export async function unreferenced(sql: Sql, candidates: readonly (string | null)[]): Promise<Removed> {
  const rows = await sql.query<{ id: Sha256 }>(
    `SELECT unnest($1::text[]) AS id EXCEPT (
       SELECT id FROM datasets UNION ALL SELECT columns_artifact FROM datasets
       UNION ALL SELECT plan->>'artifact' FROM experiments UNION ALL SELECT answer->>'modelArtifact' FROM experiments
       UNION ALL SELECT answer->>'evaluationArtifact' FROM experiments
       UNION ALL SELECT result->>'weightsArtifact' FROM runs
       UNION ALL SELECT checkpoint_artifact FROM runs UNION ALL SELECT previous_checkpoint_artifact FROM runs
     ) ORDER BY id`,
    [candidates.filter((id) => id !== null)],
  );
  return { artifacts: rows.map(({ id }) => id) };
}

export async function removeExperiment(database: Database, owner: OwnerId, id: ExperimentId): Promise<Removed | null> {
  return underLock(database, { experimentId: id }, async (locked) => {
    const [row] = await locked.query<{
      owner: string;
      dataset: string;
      plan: string | null;
      model: string | null;
      evaluation: string | null;
    }>(
      `SELECT owner, spec->>'dataset' AS dataset, plan->>'artifact' AS plan, answer->>'modelArtifact' AS model,
         answer->>'evaluationArtifact' AS evaluation FROM experiments WHERE id = $1`,
      [id],
    );
    if (row?.owner !== owner) return null;
    if (!isTerminal("experiment", locked.experiment.state)) throw notEnded(locked.experiment.state);
    const ofRuns = await locked.query<{ artifact: string | null }>(
      `SELECT unnest(ARRAY[result->>'weightsArtifact', checkpoint_artifact, previous_checkpoint_artifact]) AS artifact
       FROM runs WHERE experiment_id = $1`,
      [id],
    );
    await locked.query("DELETE FROM experiments WHERE id = $1", [id]);
    const open = await locked.query(
      "SELECT 1 FROM experiments WHERE spec->>'dataset' = $1 AND state IN ('QUEUED', 'RUNNING', 'PAUSED') LIMIT 1",
      [row.dataset],
    );
    const artifacts = [row.plan, row.model, row.evaluation, ...ofRuns.map(({ artifact }) => artifact)];
    if (open.length === 0) return unreferenced(locked, artifacts);
    const { artifacts: left } = await unreferenced(locked, artifacts);
    await noteLeft(locked, row.dataset, left);
    return { artifacts: [] };
  });
}

/** For a sweep, once no open experiment may store equal bytes. */
async function noteLeft(sql: Sql, dataset: string, artifacts: readonly string[]): Promise<void> {
  await sql.query(
    `INSERT INTO left_artifacts (artifact, dataset) SELECT unnest($1::text[]), $2
     ON CONFLICT (artifact) DO UPDATE SET dataset = excluded.dataset`,
    [artifacts, dataset],
  );
}

export async function removeDataset(database: Database, owner: OwnerId, id: Sha256): Promise<Removed | null> {
  return database.transaction(async (sql) => {
    // An experiment that is being created holds this row until it is there to be counted.
    const [row] = await sql.query<{ columns: string }>(
      "SELECT columns_artifact AS columns FROM datasets WHERE owner = $1 AND id = $2 FOR UPDATE",
      [owner, id],
    );
    if (row === undefined) return null;
    const users = await sql.query<{ id: string }>(
      "SELECT id FROM experiments WHERE owner = $1 AND spec->>'dataset' = $2 ORDER BY created_at, id LIMIT 6",
      [owner, id],
    );
    if (users.length > 0)
      throw usedByExperiments(
        id,
        users.map((user) => user.id),
      );
    await sql.query("DELETE FROM datasets WHERE owner = $1 AND id = $2", [owner, id]);
    return unreferenced(sql, [id, row.columns]);
  });
}
