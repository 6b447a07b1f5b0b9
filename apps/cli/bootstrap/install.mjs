/** Installs the packages when, and only when, what is installed differs from the lock file. */
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { BootstrapFailure } from "./failure.mjs";
import { run } from "./run.mjs";

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes its own copy of the lock file into node_modules
 * as the last act of an install, so an install that was cut off is seen too. Packages for other platforms may be missing.
 */
export function isInstalled(root) {
  const wanted = readLock(join(root, "package-lock.json"));
  const installed = readLock(join(root, "node_modules", ".package-lock.json"));
  if (wanted === null || installed === null) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.startsWith("node_modules/") && !place.includes("/node_modules/")) return true;
    const there = installed[place];
    if (there === undefined) return Boolean(entry.optional || entry.peer);
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}

/** What the packages take on disk, in bytes, with some room for the build. */
const neededBytes = 1.2e9;

/** A sentence when the packages won't fit on a disk with so many free bytes; null when they will. npm itself may not notice a full disk. */
export function missingSpace(root, freeBytes) {
  if (freeBytes >= neededBytes) return null;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  return `The packages need ${gigabytes(neededBytes)}, and the disk of ${root} has ${gigabytes(freeBytes)} left. Free some space and run it again.`;
}

/** `npm ci` without install scripts: nothing here needs one, and one of them would fetch hundreds of megabytes for GPUs. */
export async function install(root) {
  const disk = statfsSync(root);
  // What is there already is removed first and makes room.
  const missing = existsSync(join(root, "node_modules")) ? null : missingSpace(root, disk.bavail * disk.bsize);
  if (missing !== null) throw new BootstrapFailure(missing);
  await runNpm(root);
  if (!isInstalled(root)) {
    throw new BootstrapFailure(
      "npm ci ended without an error, but not all packages are there. Is the disk full? Run it again; if that doesn't help: npm ci --ignore-scripts",
    );
  }
}

async function runNpm(root) {
  const flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const npmScript = process.env.npm_execpath;
  // Under `npm run` the very npm that was called; otherwise the one on the path (a .cmd file on Windows, which needs a shell).
  if (npmScript && /npm-cli\.[cm]?js$/.test(npmScript) && existsSync(npmScript)) {
    await run("Installing packages (npm ci)", process.execPath, [npmScript, ...flags], { cwd: root });
  } else {
    await run("Installing packages (npm ci)", "npm", flags, { cwd: root, shell: process.platform === "win32" });
  }
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}
