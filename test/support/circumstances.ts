/** When, from which commit, and on how busy a machine something was measured or tried: kept beside every figure. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";

export interface Circumstances {
  /** ISO 8601. */
  readonly at: string;
  /** The commit's short name, with `+` where files had been changed since; null outside a repository. */
  readonly commit: string | null;
  readonly cores: number;
  readonly processor: string;
  readonly node: string;
  /** Processes that wanted a core, averaged over the last minute. */
  readonly load: number;
}

export function circumstances(): Circumstances {
  return {
    at: new Date().toISOString(),
    commit: commit(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    node: process.version,
    load: load(),
  };
}

export const load = () => Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100;

function commit(): string | null {
  const git = (...given: string[]) => execFileSync("git", given, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`;
  } catch {
    return null;
  }
}
