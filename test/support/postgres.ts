/** A real Postgres for suites: one embedded server for a test file, and a fresh migrated database for whoever asks. */
import { randomUUID } from "node:crypto";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RightsizeError } from "@rightsize/core";
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@rightsize/store";
import { Client } from "pg";
import { afterAll, beforeAll } from "vitest";

const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

export interface TestPostgres {
  /** The URL of a new database with all migrations applied; dropped when the file is done. About 30 ms. */
  newDatabase(): Promise<string>;
  /** The server itself, once the suite runs. */
  server(): EmbeddedPostgres;
}

/** Call it at the top of a suite: starts the server before its tests and ends it after them. */
export function withPostgres(): TestPostgres {
  let server: EmbeddedPostgres | null = null;
  const databases: string[] = [];
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    if (server === null) return;
    const { url } = server;
    for (const name of databases) await asAdministrator(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await server.stop();
  });
  const running = () => {
    if (server === null) throw new Error("The server runs within tests and hooks only.");
    return server;
  };
  return {
    server: running,
    async newDatabase() {
      const { url } = running();
      const template = await migratedTemplate(url);
      const name = `test_${randomUUID().replaceAll("-", "")}`;
      databases.push(name);
      await asAdministrator(url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
      return urlOf(url, name);
    },
  };
}

/** Clusters are kept between runs (a start takes 0.1 s, not 1); suites running at the same time take one each. */
async function startTestServer(): Promise<EmbeddedPostgres> {
  for (let number = 0; ; number++) {
    const folder = join(tmpdir(), `rightsize-tests-${process.getuid?.() ?? "user"}`, `postgres-${number}`);
    try {
      return await startEmbeddedPostgres({ folder });
    } catch (error) {
      if (!(error instanceof RightsizeError && error.code === "conflict") || number === 20) throw error;
    }
  }
}

/** A database with the migrations as they are now, made once for each cluster. */
async function migratedTemplate(url: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of readdirSync(migrations, { recursive: true }).map(String).sort()) {
    if (name.endsWith(".sql")) hash.update(name).update(readFileSync(join(migrations, name)));
  }
  const template = `template_${hash.digest("hex").slice(0, 16)}`;
  const [there] = await asAdministrator(url, `SELECT 1 FROM pg_database WHERE datname = '${template}' AND datistemplate`);
  if (there) return template;
  await asAdministrator(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await asAdministrator(url, `CREATE DATABASE ${template}`);
  await migrate(urlOf(url, template));
  await asAdministrator(url, `ALTER DATABASE ${template} IS_TEMPLATE true`);
  return template;
}

async function asAdministrator(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function urlOf(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
