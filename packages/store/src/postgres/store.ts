/** The store in Postgres, put together. */
import type { Store } from "@rightsize/core";
import { openDatabase } from "./database.ts";
import { postgresDatasets } from "./datasets.ts";
import { postgresExperiments } from "./experiments.ts";
import { postgresKeys } from "./keys.ts";
import { postgresOutbox } from "./outbox.ts";
import { listenOn } from "./signals.ts";
import { postgresWork } from "./work.ts";
import { postgresWorkers } from "./workers.ts";

export interface PostgresStoreOptions {
  readonly url: string;
  /** Most connections of this process (listening for signals takes one more); 4 by default. */
  readonly poolSize?: number;
  /** How long a statement may go without an answer before it throws `unavailable`; 30,000 by default. */
  readonly queryTimeoutMs?: number;
}

/** Opens the store. It connects at the first use: a database that is down throws `unavailable` then, and is found again by itself. */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const database = openDatabase(options.url, options.poolSize ?? 4, options.queryTimeoutMs ?? 30_000);
  const signals = listenOn(options.url);
  return {
    datasets: postgresDatasets(database),
    experiments: postgresExperiments(database),
    work: postgresWork(database),
    outbox: postgresOutbox(database),
    workers: postgresWorkers(database),
    keys: postgresKeys(database),
    subscribe: (listener) => signals.subscribe(listener),
    clock: () =>
      database.guard(async () => {
        const [row] = await database.sql.query<{ ms: number }>("SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms");
        return row?.ms ?? Number.NaN;
      }),
    check: () =>
      database.guard(async () => {
        await database.sql.query("SELECT 1");
      }),
    async close() {
      await signals.close();
      await database.close();
    },
  };
}
