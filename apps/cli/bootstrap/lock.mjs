/** One preparation at a time: a lock file in the folder that names its owner, so that a lock left by a killed process is seen. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identify, isRunning } from "./process-identity.mjs";

/** Waits for the lock, calling `onWait` once with the owner's process number; returns a function that releases it. Throws what writing throws. */
export async function takeLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  const own = JSON.stringify(identify(process.pid));
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      return () => {
        if (read(path)?.text === own) rmSync(path, { force: true });
      };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const held = read(path);
    if (held === null) continue;
    if (held.owner !== null && isRunning(held.owner)) {
      if (!told) onWait(held.owner.pid);
      told = true;
      await sleep(200);
    } else {
      await clearStale(path, held.text);
    }
  }
}

/** Removes a lock whose owner is gone. Renaming first lets only one of several waiters do it; a fresh lock caught by mistake is put back. */
async function clearStale(path, text) {
  // A lock without an owner may be one that is being written at this moment.
  if (text === "") await sleep(500);
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside)?.text === text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function read(path) {
  let text;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return null;
  }
  try {
    return { text, owner: JSON.parse(text) };
  } catch {
    return { text, owner: null };
  }
}
