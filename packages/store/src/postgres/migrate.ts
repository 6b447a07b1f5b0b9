/** Migrates a database at the server's own start, without Prisma's CLI, and records it as Prisma does: `prisma migrate status` agrees. */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RightsizeError } from "@rightsize/core";
import { Client } from "pg";
import { asStoreError } from "./errors.ts";

/** Prisma takes this advisory lock too, so that its CLI and a starting server never migrate at once. */
const prismaLock = 72_707_369;
/** The same depth from src/ and from dist/. */
const ownMigrations = fileURLToPath(new URL("../../../../prisma/migrations", import.meta.url));

const bookTable = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of migration.sql, as Prisma computes it. */
  readonly checksum: string;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const bytes = await readFile(join(folder, name, "migration.sql"));
      return { name, sql: bytes.toString("utf8"), checksum: createHash("sha256").update(bytes).digest("hex") };
    }),
  );
}

/**
 * Applies what is missing, each migration in a transaction of its own, and returns their names. Callers at the same time wait for each
 * other. Throws `conflict` when the database is newer than this program, when an applied migration was changed afterwards, or when one
 * failed half-way under Prisma's CLI; `unavailable` when the database can't be reached.
 */
export async function migrate(url: string, options: { readonly folder?: string } = {}): Promise<readonly string[]> {
  const migrations = await readMigrations(options.folder ?? ownMigrations);
  return withClient(url, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [prismaLock]);
    // The lock ends with the connection.
    await client.query(bookTable);
    const missing = await compare(client, migrations);
    for (const migration of missing) await apply(client, migration);
    return missing.map((migration) => migration.name);
  });
}

/** Throws `conflict`, with what to do, unless a database has exactly this program's migrations. For programs that don't migrate (workers). */
export async function requireSchema(url: string, options: { readonly folder?: string } = {}): Promise<void> {
  const migrations = await readMigrations(options.folder ?? ownMigrations);
  await withClient(url, async (client) => {
    const there = await client.query<{ there: boolean }>(`SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS there`);
    const missing = there.rows[0]?.there ? await compare(client, migrations) : migrations;
    if (missing.length === 0) return;
    throw new RightsizeError("conflict", "The database is older than this program: start the API of this version first, it migrates.", {
      issues: missing.map(({ name }) => ({ where: "database schema", received: `without ${name}`, required: name })),
    });
  });
}

async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw asStoreError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The migrations that a database lacks; throws where the two don't fit together. */
async function compare(client: Client, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished: boolean }>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
  );
  for (const row of rows) {
    const ours = migrations.find((migration) => migration.name === row.migration_name);
    if (ours === undefined) {
      throw new RightsizeError("conflict", "The database is newer than this program: update the program.", {
        issues: [{ where: "database schema", received: row.migration_name, required: migrations.at(-1)?.name ?? "no migration" }],
      });
    }
    if (!row.finished) {
      throw new RightsizeError("conflict", `Migration ${row.migration_name} failed half-way: see \`prisma migrate resolve\`.`);
    }
    if (row.checksum !== ours.checksum) {
      throw new RightsizeError("conflict", `Migration ${row.migration_name} was changed after it was applied.`, {
        issues: [{ where: row.migration_name, received: ours.checksum, required: row.checksum }],
      });
    }
  }
  const applied = new Set(rows.map((row) => row.migration_name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
