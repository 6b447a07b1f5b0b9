/** Clears away what demos that were killed (kill -9, a power cut) left in the folder of temporary files: their Postgres and their data. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { claimDataFolder, type DataFolderClaim } from "./claim-data-folder.ts";

export const demoPrefix = "rightsize-demo-";

/** Best effort: a folder of a demo that still runs, or of another user, is left alone. */
export async function sweepDemos(temporaryFolder: string): Promise<void> {
  const folders = readdirSync(temporaryFolder).filter((name) => name.startsWith(demoPrefix));
  for (const folder of folders.map((name) => join(temporaryFolder, name))) {
    const claim = await claimIfLeft(folder);
    if (claim === null) continue;
    try {
      await endPostgres(join(folder, "postgres"));
      rmSync(folder, { recursive: true, force: true });
    } catch {
      claim.release();
    }
  }
}

/** A claim on the folder of a demo that was killed; null for all others. */
async function claimIfLeft(folder: string): Promise<DataFolderClaim | null> {
  try {
    // Written at a demo's start, removed at its end: without it the folder is a demo's that is just being made, or that was to be kept.
    readFileSync(join(folder, "launcher.json"));
    return await claimDataFolder(folder);
  } catch {
    return null;
  }
}

/** A server without its launcher is adopted as a next start would, and then stopped. */
async function endPostgres(folder: string): Promise<void> {
  if (!existsSync(join(folder, "data", "postmaster.pid"))) return;
  const { startEmbeddedPostgres } = await import("@rightsize/store");
  const postgres = await startEmbeddedPostgres({ folder });
  await postgres.stop();
}
