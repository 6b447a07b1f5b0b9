/** Prisma's CLI reads this; the service itself never does (it migrates at its own start). */
import { defineConfig } from "prisma/config";

// `generate` never runs the native schema engine but insists on having one; where it can't be downloaded any executable will do.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
