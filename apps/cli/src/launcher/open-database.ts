/** The database of a service: the user's own Postgres or the embedded one, with all migrations applied. */
import { join } from "node:path";

export interface OpenDatabase {
  readonly url: string;
  /** The embedded server's process; null where the server isn't ours. */
  readonly processId: number | null;
  stop(): Promise<void>;
}

/** `databaseUrl` is the user's own Postgres; null starts the embedded one in the data folder. */
export async function openDatabase(databaseUrl: string | null, dataFolder: string): Promise<OpenDatabase> {
  // Loaded only here: the store brings the whole database client with it.
  const { migrate, startEmbeddedPostgres } = await import("@rightsize/store");
  const database =
    databaseUrl === null
      ? await startEmbeddedPostgres({ folder: join(dataFolder, "postgres") })
      : { url: databaseUrl, processId: null, stop: async () => {} };
  try {
    // The API would do it too; done here, the worker needn't wait for the API.
    await migrate(database.url);
  } catch (error) {
    await database.stop();
    throw error;
  }
  return database;
}
