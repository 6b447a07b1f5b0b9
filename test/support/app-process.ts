/** Processes of the apps, as users run them: started with an environment of their own, each leading its own process group. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const startWithinMs = 90_000;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Starts a process of an app and waits for its `{ kind: "ready" }`. */
export async function startProcess(
  entry: string,
  environment: Record<string, string>,
): Promise<{ process: ChildProcess; ready: Record<string, unknown> }> {
  const child = spawn(process.execPath, [join(root, entry)], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...environment },
  });
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${entry} was not ready within ${startWithinMs} ms`)), startWithinMs);
    child.on("message", (message: Record<string, unknown>) => {
      if (message.kind === "ready") resolve(message);
      if (message.kind === "failed") reject(new Error(`${entry} failed: ${JSON.stringify(message)}`));
    });
    child.once("exit", (code, signal) => reject(new Error(`${entry} ended at its start with ${signal ?? code}`)));
    child.once("spawn", () => timer.unref());
  });
  return { process: child, ready };
}

/** Resolves when the process is gone. */
export function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** SIGTERM, then after 6 s SIGKILL to the process and everything in its group. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = exited(child);
  child.kill("SIGCONT");
  child.kill("SIGTERM");
  const timer = setTimeout(() => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // Its group is gone already.
    }
  }, 6000);
  await gone;
  clearTimeout(timer);
}
