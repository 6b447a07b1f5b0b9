/** Starts the whole service on this machine: Postgres unless there is one, the API, a worker; and stops it without a trace. */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkPort } from "./check-port.ts";
import { claimDataFolder, type DataFolderClaim, endGroup } from "./claim-data-folder.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { type SupervisedChild, superviseChild } from "./supervised-child.ts";
import { paths, workspaceRoot } from "./workspace-paths.ts";

/** SIGTERM to SIGKILL for the API and the worker; with Postgres's own stop everything ends within 5 s. */
const graceMs = 3500;
const readyTimeoutMs = 60_000;

export interface ServiceOptions {
  readonly dataFolder: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Trainings at once. */
  readonly slots: number;
  /** Engines by name, separated by commas. */
  readonly engines: string;
  /** The user's own Postgres; null starts the embedded one in the data folder. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  readonly logLevel: string;
  /** `terminal` shows the processes' logs on ours; `files` writes them to logs/ in the data folder. */
  readonly logs: "terminal" | "files";
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For tests: other parts in place of the real ones. */
  readonly scripts?: { readonly api: string; readonly worker: string };
  readonly openDatabase?: typeof openDatabase;
  /** Says what happens, in a sentence. */
  readonly say: (text: string) => void;
  /** Aborting it while the service starts stops what had been started, and start rejects with its reason. */
  readonly signal: AbortSignal;
}

/** A service whose API answers; its worker may still be on its way. */
export interface RunningService {
  readonly url: string;
  /** Resolves when the worker is ready, rejects when it can't start. */
  readonly workerReady: Promise<void>;
  /** Process numbers of the API and the worker, while they run. */
  pids(): Readonly<Record<string, number | null>>;
  /** Ends everything in order, within 5 s. */
  stop(): Promise<void>;
}

export async function startService(options: ServiceOptions): Promise<RunningService> {
  const dataFolder = resolve(options.dataFolder);
  const claim = await claimDataFolder(dataFolder);
  if (claim.endedChildren.length > 0) {
    options.say(`Ended what a killed start had left behind: ${claim.endedChildren.join(", ")}.`);
  }
  const parts = new Parts(claim);
  try {
    await checkPort(options.host, options.port);
    const { url, workerReady } = await startParts(options, dataFolder, claim, parts);
    claim.noteUrl(url);
    return { url, workerReady, pids: () => parts.pids(), stop: () => parts.stop() };
  } catch (error) {
    await parts.stop();
    // Ctrl-C reaches some of what is starting as well: its complaint is not the reason.
    options.signal.throwIfAborted();
    throw error;
  }
}

async function startParts(
  options: ServiceOptions,
  dataFolder: string,
  claim: DataFolderClaim,
  parts: Parts,
): Promise<Pick<RunningService, "url" | "workerReady">> {
  const logs = join(dataFolder, "logs");
  if (options.logs === "files") mkdirSync(logs, { recursive: true });
  const database = await (options.openDatabase ?? openDatabase)(options.databaseUrl, dataFolder);
  parts.database = database;
  options.signal.throwIfAborted();

  const scripts = options.scripts ?? paths;
  let url: string | null = null;
  const common = {
    ...options.environment,
    DATABASE_URL: database.url,
    REDIS_URL: options.redisUrl ?? undefined,
    RIGHTSIZE_ARTIFACTS: join(dataFolder, "artifacts"),
    RIGHTSIZE_ENGINES: options.engines,
    RIGHTSIZE_LOG: options.logLevel,
    RIGHTSIZE_LOG_FORMAT:
      options.environment.RIGHTSIZE_LOG_FORMAT ?? (options.logs === "terminal" && process.stdout.isTTY ? "pretty" : "json"),
  };
  const start = async (name: string, script: string, environment: () => Record<string, string | undefined>) => {
    const started = await superviseChild({
      name,
      script,
      environment,
      workingFolder: workspaceRoot,
      logFile: options.logs === "files" ? join(logs, `${name}.log`) : null,
      readyTimeoutMs,
      onStart: (pid) => claim.noteChild(name, pid),
      onSupervise: (child) => parts.children.push(child),
      say: options.say,
    });
    options.signal.throwIfAborted();
    return started.ready;
  };
  // Both at once: neither needs the other to start.
  const workerReady = start("worker", scripts.worker, () => ({ ...common, RIGHTSIZE_SLOTS: String(options.slots) })).then(() => {});
  // Whoever wants to know waits for it; until then a failure is no unhandled one.
  workerReady.catch(() => {});
  const ready = await start("api", scripts.api, () => ({
    ...common,
    RIGHTSIZE_HOST: options.host,
    // After a crash the API must come back where it was.
    RIGHTSIZE_PORT: url === null ? String(options.port) : new URL(url).port,
    // Without a built page the API shows its documentation instead.
    RIGHTSIZE_DASHBOARD: existsSync(join(paths.dashboard, "index.html")) ? paths.dashboard : undefined,
  }));
  url = (ready.url ?? `http://${options.host}:${options.port}`).replace(/\/+$/, "");
  return { url, workerReady };
}

/** What has been started so far, and how to end it. */
class Parts {
  readonly children: SupervisedChild[] = [];
  database: OpenDatabase | null = null;
  readonly #claim: DataFolderClaim;
  #stopped: Promise<void> | null = null;

  constructor(claim: DataFolderClaim) {
    this.#claim = claim;
    process.once("exit", this.#endAtOnce);
  }

  /** When this process ends without having stopped its parts: a second Ctrl-C, or a mistake of ours. */
  readonly #endAtOnce = () => {
    for (const child of this.children) child.kill();
    // An immediate shutdown: Postgres survives it as it survives a power cut, and recovers at the next start.
    if (this.database?.processId) endGroup(this.database.processId, "SIGQUIT");
    this.#claim.release();
  };

  pids(): Record<string, number | null> {
    return Object.fromEntries(this.children.map((child) => [child.name, child.pid()]));
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder();
    return this.#stopped;
  }

  async #stopInOrder(): Promise<void> {
    // The worker gives its work back and the API ends its streams while Postgres is still there.
    await Promise.all(this.children.map((child) => child.stop(graceMs)));
    await this.database?.stop();
    process.off("exit", this.#endAtOnce);
    this.#claim.release();
  }
}
