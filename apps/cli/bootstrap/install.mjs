/** Installs the packages when, and only when, what is installed differs from the lock file. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
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

/** `npm ci` without install scripts: nothing here needs one, and one of them would fetch hundreds of megabytes for GPUs. */
export async function install(root) {
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
