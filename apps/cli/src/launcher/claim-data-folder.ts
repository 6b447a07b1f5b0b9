/** One launcher a data folder: a file that names the launcher and its children, so that the next start can heal what a killed one left. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { identify, isRunning, type ProcessIdentity } from "../../bootstrap/process-identity.mjs";
import { CliError } from "../errors.ts";

const identitySchema = z.object({ pid: z.int(), start: z.string() });
const ledgerSchema = z.object({
  launcher: identitySchema,
  url: z.string().nullable(),
  children: z.array(identitySchema.extend({ name: z.string() })),
});
type Ledger = z.infer<typeof ledgerSchema>;

/** How long children that a killed launcher left may take to end on their own, in milliseconds. */
const staleGraceMs = 3000;

export interface DataFolderClaim {
  /** Children that the file of a killed launcher named and that had to be ended. */
  readonly endedChildren: readonly string[];
  /** Notes a child, under its name; a later process of the same name replaces it. */
  noteChild(name: string, pid: number): void;
  noteUrl(url: string): void;
  release(): void;
}

/** Takes a data folder, making it first. Throws a CliError when it is in use or can't be written. */
export async function claimDataFolder(folder: string): Promise<DataFolderClaim> {
  const path = join(folder, "launcher.json");
  const own = identify(process.pid);
  if (own === null) throw new CliError("This process can't find itself in the list of processes.");
  let ledger: Ledger = { launcher: own, url: null, children: [] };
  const endedChildren: string[] = [];
  for (;;) {
    const held = writeNew(folder, path, ledger);
    if (held === null) break;
    if (isRunning(held.launcher)) throw inUse(folder, held);
    endedChildren.push(...(await endStaleChildren(held)));
    removeStale(path, held.launcher);
  }
  const write = () => {
    writeFileSync(`${path}.new`, JSON.stringify(ledger));
    renameSync(`${path}.new`, path);
  };
  return {
    endedChildren,
    noteChild(name, pid) {
      const identity = identify(pid);
      const others = ledger.children.filter((child) => child.name !== name);
      ledger = { ...ledger, children: identity === null ? others : [...others, { name, ...identity }] };
      write();
    },
    noteUrl(url) {
      ledger = { ...ledger, url };
      write();
    },
    release() {
      rmSync(path, { force: true });
    },
  };
}

/** Writes the file if there is none and returns null, else returns what is in it. */
function writeNew(folder: string, path: string, ledger: Ledger): Ledger | null {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, JSON.stringify(ledger), { flag: "wx" });
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return readLedger(path);
    throw new CliError(`The data folder ${folder} can't be written (${code}). Name another with --data.`, 1, { cause: error });
  }
}

/** What the file says; an unreadable one (cut off by a crash) names nobody. */
function readLedger(path: string): Ledger {
  try {
    return ledgerSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return { launcher: { pid: 0, start: "" }, url: null, children: [] };
  }
}

function inUse(folder: string, held: Ledger): CliError {
  const where = held.url === null ? "" : ` at ${held.url}`;
  return new CliError(
    `Rightsize is already running on ${folder}${where} (process ${held.launcher.pid}).\n` +
      `Stop it (kill ${held.launcher.pid}), or start another beside it with --data FOLDER --port PORT.`,
  );
}

/** Only one of several starters may remove a stale file: a rename succeeds once. */
function removeStale(path: string, launcher: ProcessIdentity): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readLedger(aside).launcher.pid === launcher.pid) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

/** Ends the children that are still the processes they were (same number and same start), group and all. Returns their names. */
async function endStaleChildren(ledger: Ledger): Promise<string[]> {
  const left = () => ledger.children.filter((child) => isRunning(child));
  // Children end by themselves when their launcher is gone: the first look waits for that.
  const deadline = performance.now() + staleGraceMs;
  while (left().length > 0 && performance.now() < deadline) await sleep(50);
  const stubborn = left();
  for (const child of stubborn) endGroup(child.pid, "SIGKILL");
  while (left().length > 0 && performance.now() < deadline + staleGraceMs) await sleep(50);
  return stubborn.map(({ name }) => name);
}

/** Sends a signal to a child's whole process group, or to the child alone where it has none. */
export function endGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of process.platform === "win32" ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group or process: the next target, or nothing left to end.
    }
  }
}
