/** Starts the API as a process from its sources, for the suites about the API alone: its own database, folder and free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface ApiProcess {
  readonly url: string;
  readonly process: ChildProcess;
  readonly folder: string;
  /** Files in the artifact and upload folders. */
  files(): Promise<readonly string[]>;
  /** SIGTERM; resolves with the exit code and how long it took, in milliseconds. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  /** Stops it where it still runs, and removes its folder. */
  remove(): Promise<void>;
}

/** Spawns it without waiting: for starts that must fail. `ipc` gives it a channel for its ready message. */
export function spawnApi(environment: Readonly<Record<string, string>>, options: { readonly ipc?: boolean } = {}): ChildProcess {
  return spawn(process.execPath, ["--conditions=source", "--import", "tsx", path.join(root, "apps/api/src/main.ts")], {
    cwd: root,
    stdio: options.ipc === false ? ["ignore", "pipe", "pipe"] : ["ignore", "pipe", "pipe", "ipc"],
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      RIGHTSIZE_LOG: "warn",
      RIGHTSIZE_LOG_FORMAT: "json",
      ...environment,
    },
  });
}

/** `folder` is where artifacts are; left out, it is a new one. */
export async function startApiProcess(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  folder?: string,
): Promise<ApiProcess> {
  folder ??= await mkdtemp(path.join(tmpdir(), "rightsize-api-process-"));
  const child = spawnApi({
    DATABASE_URL: databaseUrl,
    RIGHTSIZE_PORT: "0",
    RIGHTSIZE_ARTIFACTS: path.join(folder, "artifacts"),
    ...environment,
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => void said.push(String(chunk)));
  const url = await new Promise<string>((resolve, reject) => {
    child.on("message", (message: { kind: string; url?: string }) => {
      if (message.kind === "ready" && message.url !== undefined) resolve(message.url);
    });
    child.once("exit", (code, signal) => reject(new Error(`the API ended at its start with ${signal ?? code}: ${said.join("")}`)));
  });
  const running = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    const before = performance.now();
    if (running()) {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    }
    return { code: child.exitCode, tookMs: performance.now() - before };
  };
  return {
    url,
    process: child,
    folder,
    async files() {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },
    stop,
    async remove() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
