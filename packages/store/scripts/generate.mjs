/** Writes Prisma's client into src/generated, without network, and only when the schema or Prisma changed. `--force` writes it anyway. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const generated = join(root, "packages/store/src/generated");
const stamp = join(generated, ".made-from");
const require = createRequire(join(root, "package.json"));
const prismaPackage = require.resolve("prisma/package.json");

const made = createHash("sha256")
  .update(readFileSync(join(root, "prisma/schema.prisma")))
  .update(JSON.parse(readFileSync(prismaPackage, "utf8")).version)
  .digest("hex");

if (!process.argv.includes("--force") && existsSync(stamp) && readFileSync(stamp, "utf8") === made) process.exit(0);

rmSync(generated, { recursive: true, force: true });
const run = spawnSync(process.execPath, [join(dirname(prismaPackage), "build/index.js"), "generate"], {
  cwd: root,
  encoding: "utf8",
  // `generate` insists on a schema engine but never runs it: any executable will do where the real one can't be downloaded.
  env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, ...process.env, CHECKPOINT_DISABLE: "1", PRISMA_HIDE_UPDATE_MESSAGE: "1" },
});
if (run.status !== 0) {
  process.stderr.write(`${run.stdout}${run.stderr}`);
  process.exit(run.status ?? 1);
}
writeFileSync(stamp, made);
