/** Builds what changed: the store's generated client, the TypeScript projects, the dashboard. Stamps lie beside the outputs. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { runNode } from "./run.mjs";

const serverApps = ["apps/api", "apps/worker", "apps/cli"];

/** The service and the command line: stamp, sources, and outputs that must exist. */
const server = {
  stamp: "apps/cli/dist/.built",
  sources: (root) => [
    ...roomsOf(root, "packages").flatMap((room) => [`${room}/src`, `${room}/package.json`, `${room}/tsconfig.json`]),
    ...serverApps.flatMap((app) => [`${app}/src`, `${app}/package.json`, `${app}/tsconfig.json`]),
    "packages/store/scripts",
    "prisma",
    "tsconfig.base.json",
    "package-lock.json",
  ],
  outputs: serverApps.map((app) => `${app}/dist/main.js`),
};

const dashboard = {
  stamp: "apps/dashboard/dist/.built",
  sources: () => ["apps/dashboard", "packages/core/src", "packages/contract/src", "tsconfig.base.json", "package-lock.json"],
  outputs: ["apps/dashboard/dist/index.html"],
};

/** Which parts must be built again. */
export function staleParts(root) {
  return { server: isStale(root, server), dashboard: hasDashboard(root) && isStale(root, dashboard) };
}

/** Generates and compiles the service and the command line. */
export async function buildServer(root) {
  const hash = hashOf(root, server);
  await generateClient(root);
  await runNode("Compiling (tsc -b)", [compiler(root), "-b", ...serverApps], { cwd: root });
  writeStamp(root, server, hash);
}

/** The script of the TypeScript compiler. */
export function compiler(root) {
  return binary(root, "typescript", "tsc");
}

/** Builds the dashboard's pages into apps/dashboard/dist. */
export async function buildDashboard(root) {
  const hash = hashOf(root, dashboard);
  const folder = join(root, "apps/dashboard");
  await runNode("Building the dashboard (vite build)", [binary(folder, "vite", "vite"), "build", "--logLevel", "warn"], { cwd: folder });
  writeStamp(root, dashboard, hash);
}

/** The store's database client; its script does nothing where it is up to date. */
async function generateClient(root) {
  const script = join(root, "packages/store/scripts/generate.mjs");
  if (existsSync(script)) await runNode("Generating the database client", [script], { cwd: root });
}

function hasDashboard(root) {
  return existsSync(join(root, "apps/dashboard/index.html"));
}

function isStale(root, part) {
  if (!part.outputs.every((output) => existsSync(join(root, output)))) return true;
  try {
    return readFileSync(join(root, part.stamp), "utf8") !== hashOf(root, part);
  } catch {
    return true;
  }
}

function writeStamp(root, part, hash) {
  const path = join(root, part.stamp);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, hash);
}

/** SHA-256 over the names and bytes of all source files, and Node's version. */
function hashOf(root, part) {
  const hash = createHash("sha256").update(process.version);
  for (const source of part.sources(root)) {
    for (const file of filesUnder(join(root, source))) {
      hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex");
}

const skipped = new Set(["node_modules", "dist", "dist-types", "test", "generated"]);

function* filesUnder(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") yield path;
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skipped.has(entry.name)) continue;
    if (entry.isDirectory()) yield* filesUnder(join(path, entry.name));
    else if (entry.isFile()) yield join(path, entry.name);
  }
}

function roomsOf(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
    .sort();
}

/** The script behind a package's command, found as Node finds the package from a folder. */
function binary(folder, packageName, command) {
  let at = dirname(createRequire(join(folder, "package.json")).resolve(packageName));
  while (!existsSync(join(at, "package.json")) || JSON.parse(readFileSync(join(at, "package.json"), "utf8")).name !== packageName) {
    at = dirname(at);
  }
  const { bin } = JSON.parse(readFileSync(join(at, "package.json"), "utf8"));
  return join(at, typeof bin === "string" ? bin : bin[command]);
}
