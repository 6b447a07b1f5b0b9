/** Postgres refuses to run as root: this chooses as whom it runs, and keeps that choice for a data directory that exists. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { RightsizeError } from "@rightsize/core";
import { type Binaries, copiedBinaries, packagedBinaries } from "./binaries.ts";

/**
 * `self`: as the user we are. `nobody`: we are root, Postgres runs with nobody's uid. `namespace`: we are root and nobody can't enter
 * the folder (or we are a user without a name), so Postgres runs in a user namespace where we are called nobody. `elsewhere`: no namespaces either (containers), so the
 * binaries are copied and the data kept outside of the closed folder.
 */
export type RunMode = "self" | "nobody" | "namespace" | "elsewhere";

export interface RunAs {
  readonly mode: RunMode;
  readonly binaries: Binaries;
  /** Where `data` lies: the folder asked for, except with `elsewhere`. */
  readonly home: string;
  /** Command line prefix, and ids for spawn. */
  readonly prefix: readonly string[];
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

const namespacePrefix = ["unshare", "-U", "--map-user=65534", "--map-group=65534", "--"];

async function nobodyIds(): Promise<{ uid: number; gid: number }> {
  const users = await readFile("/etc/passwd", "utf8").catch(() => "");
  const fields = users
    .split("\n")
    .find((line) => line.startsWith("nobody:"))
    ?.split(":");
  return { uid: Number(fields?.[2] ?? 65534), gid: Number(fields?.[3] ?? 65534) };
}

/** Whether a user who is neither owner nor in the group of anything above a path can get there. */
async function othersCanEnter(path: string): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found && (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function ownerOf(path: string): Promise<number | null> {
  return (await lstat(path).catch(() => null))?.uid ?? null;
}

/** initdb refuses a user id without a name (containers started with any uid); in a namespace it is called nobody. */
function isNamed(): boolean {
  try {
    return userInfo().username !== "";
  } catch {
    return false;
  }
}

function hasNamespaces(): boolean {
  return spawnSync(namespacePrefix[0] as string, [...namespacePrefix.slice(1), "true"]).status === 0;
}

/** The `elsewhere` home of a folder is named in a file of that folder, so that a data directory is found again. */
const pointerFile = "data-is-in";

/** Chooses the mode for a folder that exists (as its data directory was made, if there is one), and prepares homes and binaries. */
export async function chooseRunAs(folder: string, forced?: RunMode): Promise<RunAs> {
  const packaged = await packagedBinaries();
  const self: RunAs = { mode: "self", binaries: packaged, home: folder, prefix: [], ids: {} };
  if (process.getuid?.() !== 0) {
    const owner = await ownerOf(join(folder, "data"));
    if (owner !== null && process.getuid !== undefined && owner !== process.getuid()) {
      throw new RightsizeError("conflict", `The database in ${folder} belongs to another user.`, {
        issues: [{ where: folder, received: `uid ${process.getuid()}`, required: `uid ${owner}, or another folder` }],
      });
    }
    return isNamed() || !hasNamespaces() ? self : { ...self, mode: "namespace", prefix: namespacePrefix };
  }

  const ids = await nobodyIds();
  const owner = await ownerOf(join(folder, "data"));
  const pointer = await readFile(join(folder, pointerFile), "utf8").catch(() => null);
  const reachable = (await othersCanEnter(folder)) && (await othersCanEnter(packaged.folder));
  const mode: RunMode =
    forced ??
    (pointer !== null
      ? "elsewhere"
      : owner === 0
        ? "namespace"
        : owner !== null || reachable
          ? "nobody"
          : hasNamespaces()
            ? "namespace"
            : "elsewhere");
  switch (mode) {
    case "self":
      return self;
    case "nobody":
      return reachable ? { ...self, mode, ids } : { ...self, mode, ids, binaries: await copiedBinaries(packaged, sharedCopy(packaged)) };
    case "namespace":
      return { ...self, mode, prefix: namespacePrefix };
    case "elsewhere": {
      const home = pointer?.trim() ?? join("/var/lib/rightsize", createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 16));
      await mkdir(home, { recursive: true, mode: 0o755 });
      // mkdir's mode is cut by the umask; nobody must be able to pass.
      await chmod(dirname(home), 0o755);
      await chmod(home, 0o755);
      await writeFile(join(folder, pointerFile), `${home}\n`);
      return { mode, binaries: await copiedBinaries(packaged, sharedCopy(packaged)), home, prefix: [], ids };
    }
    default:
      return mode satisfies never;
  }
}

/** One copy of the binaries for all folders of this machine. */
function sharedCopy(packaged: Binaries): string {
  return `/var/lib/rightsize/postgres-${packaged.version}`;
}

/** Gives a path to whom Postgres runs as. */
export async function giveTo(runAs: RunAs, path: string): Promise<void> {
  if (runAs.ids.uid !== undefined && runAs.ids.gid !== undefined) await chown(path, runAs.ids.uid, runAs.ids.gid);
}
