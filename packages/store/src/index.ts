/** Store: Postgres through Prisma, its in-memory twin, and the embedded Postgres. */
export type { EmbeddedLogger } from "./embedded/cluster.ts";
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded/server.ts";
export { createMemoryStore } from "./memory/store.ts";
export { migrate, requireSchema } from "./postgres/migrate.ts";
export { createPostgresStore, type PostgresStoreOptions } from "./postgres/store.ts";
export { thinOut } from "./thin-out.ts";
