/** Builds the dashboard when its sources are newer than what is built (about a second). */
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dashboard = join(dirname(fileURLToPath(import.meta.url)), "../../../apps/dashboard");

function newest(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

export async function ensurePageIsBuilt(): Promise<void> {
  const sources = Math.max(
    newest(join(dashboard, "src")),
    newest(join(dashboard, "public")),
    statSync(join(dashboard, "index.html")).mtimeMs,
  );
  let built = 0;
  try {
    built = statSync(join(dashboard, "dist/index.html")).mtimeMs;
  } catch {
    // Never built.
  }
  if (built > sources) return;
  // Vite belongs to the dashboard's workspace, so it is found from there.
  const vite = (await import(join(dashboard, "node_modules/vite/dist/node/index.js"))) as { build(options: object): Promise<unknown> };
  // What is delivered is tested: under a test runner's NODE_ENV React would be its development build.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = "production";
  try {
    await vite.build({ root: dashboard, configFile: join(dashboard, "vite.config.ts"), logLevel: "error" });
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}
