/**
 * Prints the SQL that takes a database to prisma/schema.prisma, with Prisma's own schema engine as WebAssembly (nothing is downloaded).
 * `node packages/store/scripts/schema-diff.mjs <url>`: on a migrated database it prints what the next migration must hold, or nothing.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from "@prisma/driver-adapter-utils";
import * as engine from "@prisma/schema-engine-wasm/schema_engine_bg";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

let started = null;
async function startEngine() {
  // The engine reports a panic through this global; without it a panic is an unreadable trap.
  globalThis.PRISMA_WASM_PANIC_REGISTRY ??= { set_message: (message) => console.error(message) };
  const folder = dirname(createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm"));
  const bytes = await readFile(join(folder, "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": engine });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

/** SQL text; empty when database and schema agree. */
export async function schemaDiff(url) {
  started ??= startEngine();
  await started;
  const path = join(root, "prisma/schema.prisma");
  const files = [{ path, content: await readFile(path, "utf8") }];
  const { hostname, port, username, password, pathname } = new URL(url);
  const factory = new PrismaPg({
    // Discrete fields: a connection string would win over the name of a shadow database.
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    max: 2,
  });
  const connect = factory.connect.bind(factory);
  factory.connect = async () => charAsText(await connect());
  const schemaEngine = await engine.SchemaEngine.new(
    { datamodels: files.map((file) => [file.path, file.content]) },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
  );
  try {
    const result = await schemaEngine.diff({
      from: { tag: "schemaDatasource", files, configDir: dirname(path) },
      to: { tag: "schemaDatamodel", files },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: ["public._prisma_migrations"], externalEnums: [] },
    });
    const text = (result.stdout ?? "").trim();
    return text === "-- This is an empty migration." ? "" : text;
  } finally {
    schemaEngine.free();
  }
}

/**
 * adapter-pg refuses columns of Postgres's internal type "char" (oid 18), which the engine's introspection reads: they pass as text, and
 * the engine is told that they are characters (Postgres 18 lists NOT NULL constraints with such a type, so every table has some).
 */
function charAsText(adapter) {
  const pool = adapter.underlyingDriver();
  const characters = new Set();
  const query = pool.query.bind(pool);
  pool.query = async (...args) => {
    const result = await query(...args);
    for (const field of result.fields ?? []) {
      if (field.dataTypeID !== 18) continue;
      characters.add(field.name);
      field.dataTypeID = 25;
    }
    return result;
  };
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (...args) => {
    const result = await queryRaw(...args);
    const columnTypes = result.columnTypes.map((type, place) =>
      characters.has(result.columnNames[place]) ? ColumnTypeEnum.Character : type,
    );
    return { ...result, columnTypes };
  };
  return adapter;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const url = process.argv[2];
  if (!url) {
    console.error("usage: node packages/store/scripts/schema-diff.mjs <url of a database>");
    process.exit(2);
  }
  console.log(await schemaDiff(url));
  process.exit(0);
}
