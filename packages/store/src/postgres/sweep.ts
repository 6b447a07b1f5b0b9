/** Sweeps in Postgres: artifacts that were noted as unneeded, their bytes deleted first, then the notes. */
import type { Sha256 } from "@rightsize/core";
import type { Database, Sql } from "./database.ts";
import { unreferenced } from "./remove.ts";

type RemoveBytes = (artifacts: readonly Sha256[]) => Promise<void>;

/** Open experiments may store bytes that equal what another left. */
const settled = `dataset NOT IN (SELECT spec->>'dataset' FROM experiments WHERE state IN ('QUEUED', 'RUNNING', 'PAUSED'))`;

export const sweepCheckpoints = async (database: Database, limit: number, remove: RemoveBytes): Promise<number> =>
  (await sweep(database, "unneeded_checkpoints", "true", limit, remove)).removed;

export const sweepLeft = async (database: Database, limit: number, remove: RemoveBytes): Promise<number> =>
  (await sweep(database, "left_artifacts", settled, limit, remove)).taken;

export async function anyLeft(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ any: boolean }>(`SELECT EXISTS (SELECT 1 FROM left_artifacts WHERE ${settled}) AS any`);
  return row?.any ?? false;
}

async function sweep(
  database: Database,
  table: "unneeded_checkpoints" | "left_artifacts",
  due: string,
  limit: number,
  remove: RemoveBytes,
): Promise<{ readonly taken: number; readonly removed: number }> {
  // The error of who removes the bytes is the caller's own: it passes unchanged.
  let failure: { readonly error: unknown } | null = null;
  try {
    return await database.transaction(async (sql) => {
      const rows = await sql.query<{ artifact: string }>(
        `SELECT artifact FROM ${table} WHERE ${due} ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED`,
        [limit],
      );
      if (rows.length === 0) return { taken: 0, removed: 0 };
      const noted = rows.map(({ artifact }) => artifact);
      const { artifacts } = await unreferenced(sql, noted);
      await remove(artifacts).catch((error: unknown) => {
        failure = { error };
        throw error;
      });
      await sql.query(`DELETE FROM ${table} WHERE artifact = ANY($1)`, [noted]);
      return { taken: noted.length, removed: artifacts.length };
    });
  } catch (error) {
    throw failure === null ? error : (failure as { readonly error: unknown }).error;
  }
}
