/** Small questions about processes and ports of this machine. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Whether a process runs. One that ended but was not reaped (a container without an init) counts as ended. */
export async function isAlive(processId: number): Promise<boolean> {
  try {
    process.kill(processId, 0);
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const status = await readFile(`/proc/${processId}/stat`, "utf8").catch(() => null);
  if (status === null) return true;
  // The state follows the command's name, which may itself hold parentheses.
  return status.slice(status.lastIndexOf(")") + 2, status.lastIndexOf(")") + 3) !== "Z";
}

/** Distinguishes a process from a later one with the same id; null where the system doesn't tell. */
export async function startMark(processId: number): Promise<string | null> {
  const status = await readFile(`/proc/${processId}/stat`, "utf8").catch(() => null);
  return status === null ? null : (status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? null);
}

/** Waits until a process has ended; false when it still runs after `timeoutMs`. */
export async function hasEnded(processId: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (!(await isAlive(processId))) return true;
    if (performance.now() > deadline) return false;
    await sleep(15);
  }
}

/** A port of the loopback address that is free now; `wanted` 0 takes any. Null when the wanted one is taken. */
export function freePort(wanted = 0): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ host: "127.0.0.1", port: wanted, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : null;
      server.close(() => resolve(port));
    });
  });
}
