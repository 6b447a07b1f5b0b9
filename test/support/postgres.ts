/** A real Postgres for suites: one embedded server for a test file, and a fresh migrated database for whoever asks. */
import type { EmbeddedPostgres } from "@rightsize/store";
import { afterAll, beforeAll } from "vitest";
import { createTestDatabase, startTestServer } from "./postgres-server.ts";

export interface TestPostgres {
  /** The URL of a new database with all migrations applied; dropped when the file is done. About 30 ms. */
  newDatabase(): Promise<string>;
  /** The server itself, once the suite runs. */
  server(): EmbeddedPostgres;
}

/** Call it at the top of a suite: starts the server before its tests and ends it after them. */
export function withPostgres(): TestPostgres {
  let server: EmbeddedPostgres | null = null;
  const drops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    server = await startTestServer({ durable: false });
  });
  afterAll(async () => {
    if (server === null) return;
    for (const drop of drops) await drop();
    await server.stop();
  });
  const running = () => {
    if (server === null) throw new Error("The server runs within tests and hooks only.");
    return server;
  };
  return {
    server: running,
    async newDatabase() {
      const { url, drop } = await createTestDatabase(running());
      drops.push(drop);
      return url;
    },
  };
}
