/** A real Postgres outside of any test runner: a cluster kept between runs, and fresh migrated databases made from a template. */
import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RightsizeError } from "@rightsize/core";
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from "@rightsize/store";
import { Client } from "pg";

const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));

/**
 * Clusters are kept between runs (a start takes 0.1 s, not 1); suites running at the same time take one each. `durable: false` spares the
 * disk where nothing is measured and no power cut is feared.
 */
export async function startTestServer(options: { readonly durable?: boolean } = {}): Promise<EmbeddedPostgres> {
  const settings: Record<string, string> = options.durable === false ? { fsync: "off", full_page_writes: "off" } : {};
  for (let number = 0; ; number++) {
    const folder = join(tmpdir(), `rightsize-tests-${process.getuid?.() ?? "user"}`, `postgres-${number}`);
    try {
      const server = await startEmbeddedPostgres({ folder, settings });
      await dropLeftovers(server.url);
      return server;
    } catch (error) {
      if (!(error instanceof RightsizeError && error.code === "conflict") || number === 20) throw error;
    }
  }
}

/** Databases of runs that were killed. The cluster is ours alone while we run it. */
async function dropLeftovers(url: string): Promise<void> {
  const left = (await asAdministrator(url, "SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")) as { datname: string }[];
  for (const { datname } of left) await asAdministrator(url, `DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
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

/** A new database with all migrations applied, in about 30 ms; `drop` removes it with its connections. */
export async function createTestDatabase(server: EmbeddedPostgres): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const template = await migratedTemplate(server.url);
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await asAdministrator(server.url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  return {
    url: urlOf(server.url, name),
    drop: async () => {
      await asAdministrator(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
