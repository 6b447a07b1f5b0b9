/** The embedded Postgres: a real server from the npm package, on loopback only, in a folder of ours, started and ended by us. */
import { spawnSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RightsizeError } from "@rightsize/core";
import { Client } from "pg";
import { type EmbeddedLogger, type Home, initialise, launch, user } from "./cluster.ts";
import { freePort, hasEnded, isAlive, startMark } from "./processes.ts";
import { chooseRunAs, type RunAs, type RunMode } from "./run-as.ts";

export interface EmbeddedOptions {
  /** Holds the data, the password (mode 0600) and the log; made if it isn't there. One launcher at a time may use it. */
  readonly folder: string;
  /** null (or left out) takes a free port. */
  readonly port?: number | null;
  readonly logger?: EmbeddedLogger;
  /** For tests: the way to run as root; chosen by itself otherwise. */
  readonly mode?: RunMode;
  /** More settings of the server, for example `{ fsync: "off" }` where tests need no durability. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  /** Whether a server that a killed launcher had left behind was taken over. */
  readonly adopted: boolean;
  readonly mode: RunMode;
  /** Ends the server and waits until it has ended, 5 s at most. Twice is silent. */
  stop(): Promise<void>;
}

const database = "rightsize";

/**
 * Starts Postgres in a folder, or takes over the one that a killed launcher left there. Throws `conflict` when the port is taken or
 * another launcher uses the folder, `unavailable` when the server doesn't come up (with the end of its log).
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder);
  await mkdir(folder, { recursive: true });
  const runAs = await chooseRunAs(folder, options.mode);
  const home: Home = {
    folder,
    data: join(runAs.home, "data"),
    passwordFile: join(folder, "password"),
    launcherFile: join(folder, "launcher"),
    logFile: join(folder, "postgres.log"),
  };
  await takeFolder(home);
  try {
    const orphan = await findOrphan(home, options.port ?? null, options.logger);
    if (orphan) return handle(home, runAs, orphan.processId, orphan.port, await readPassword(home), true);
    await initialise(home, runAs, options.logger);
    const password = await readPassword(home);
    for (let tries = 1; ; tries++) {
      const port = await choosePort(options.port ?? null);
      const processId = await launch(home, runAs, port, options.settings ?? {});
      try {
        await waitUntilReady(home, processId, port, password);
        options.logger?.info({ port, processId, mode: runAs.mode }, "embedded Postgres is ready");
        return handle(home, runAs, processId, port, password, false);
      } catch (error) {
        await end(processId);
        // Between our look and Postgres's bind somebody else may have taken the free port.
        if (options.port || tries === 3 || !(await endOfLog(home)).includes("could not bind")) throw error;
      }
    }
  } catch (error) {
    await rm(home.launcherFile, { force: true });
    throw error;
  }
}

/** Two launchers in one folder would end each other's server: the first one's process is named in a file while it lives. */
async function takeFolder(home: Home): Promise<void> {
  const mine = `${process.pid} ${await startMark(process.pid)}\n`;
  for (;;) {
    try {
      await writeFile(home.launcherFile, mine, { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [processId, mark] = (await readFile(home.launcherFile, "utf8").catch(() => "")).trim().split(" ");
    const other = Number(processId);
    const lives = other > 0 && (await isAlive(other)) && String(await startMark(other)) === mark;
    if (lives) {
      throw new RightsizeError("conflict", `The database folder ${home.folder} is in use by process ${other}.`, {
        issues: [{ where: home.folder, received: `in use by process ${other}`, required: "a folder of its own for each service" }],
      });
    }
    await rm(home.launcherFile, { force: true });
  }
}

async function readPassword(home: Home): Promise<string> {
  return (await readFile(home.passwordFile, "utf8")).trim();
}

async function choosePort(wanted: number | null): Promise<number> {
  const port = await freePort(wanted ?? 0);
  if (port !== null) return port;
  throw new RightsizeError("conflict", `Port ${wanted} is taken.`, {
    issues: [{ where: "port", received: `${wanted} (in use)`, required: "a free port" }],
  });
}

function urlOf(port: number, password: string, name: string): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${name}`;
}

async function endOfLog(home: Home): Promise<string> {
  return (await readFile(home.logFile, "utf8").catch(() => "")).trim().split("\n").slice(-8).join("\n");
}

/** An open port is no ready server (57P03 while it recovers): only a query that succeeds is. Makes our database if it isn't there. */
async function waitUntilReady(home: Home, processId: number, port: number, password: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  let last: unknown;
  while (performance.now() < deadline) {
    if (!(await isAlive(processId))) {
      throw new RightsizeError("unavailable", `The embedded Postgres ended at once. Its log: ${await endOfLog(home)}`);
    }
    try {
      await tryConnect(port, password);
      return;
    } catch (error) {
      last = error;
      await sleep(25);
    }
  }
  throw new RightsizeError("unavailable", `The embedded Postgres did not answer in 60 s. Its log: ${await endOfLog(home)}`, {
    cause: last,
  });
}

/** Connects, makes our database if needed, and returns the data directory of whoever answered. */
async function tryConnect(port: number, password: string): Promise<string> {
  const connect = async (name: string) => {
    const client = new Client({ connectionString: urlOf(port, password, name), connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      const found = await client.query<{ data_directory: string }>("SHOW data_directory");
      if (name !== database) await client.query(`CREATE DATABASE ${database}`);
      return found.rows[0]?.data_directory ?? "";
    } finally {
      await client.end().catch(() => {});
    }
  };
  try {
    return await connect(database);
  } catch (error) {
    if ((error as { code?: string }).code !== "3D000") throw error;
    return connect("postgres");
  }
}

/** The server that a killed launcher left behind: adopted if it answers (and has the wanted port), ended if not. */
async function findOrphan(
  home: Home,
  wantedPort: number | null,
  logger: EmbeddedLogger | undefined,
): Promise<{ processId: number; port: number } | null> {
  const lines = (await readFile(join(home.data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const processId = Number(lines[0]);
  const port = Number(lines[3]);
  if (!(processId > 0) || !(await isAlive(processId)) || !(await looksLikePostgres(processId))) return null;
  if (wantedPort === null || wantedPort === port) {
    const password = await readPassword(home);
    // It may still be recovering, or ending.
    for (let tries = 0; tries < 200 && (await isAlive(processId)); tries++) {
      const directory = await tryConnect(port, password).catch(() => null);
      if (directory === home.data) {
        logger?.warn({ processId, port }, "took over the embedded Postgres that a killed launcher had left running");
        return { processId, port };
      }
      await sleep(25);
    }
  }
  logger?.warn({ processId, port }, "ended the embedded Postgres that a killed launcher had left running");
  await end(processId);
  return null;
}

/** A process id in a file may by now be anybody's. Where the system doesn't tell, the connection decides. */
async function looksLikePostgres(processId: number): Promise<boolean> {
  const command = await readFile(`/proc/${processId}/cmdline`, "utf8").catch(() => null);
  if (command !== null) return command.includes("postgres");
  if (process.platform === "win32") return true;
  const listed = spawnSync("ps", ["-o", "comm=", "-p", String(processId)], { encoding: "utf8" });
  return listed.status !== 0 || listed.stdout.includes("postgres");
}

/** Fast shutdown; after 3.5 s an immediate one (the next start recovers); after one second more the last means. */
async function end(processId: number): Promise<void> {
  for (const [signal, patienceMs] of [
    ["SIGINT", 3_500],
    ["SIGQUIT", 1_000],
    ["SIGKILL", 500],
  ] as const) {
    try {
      process.kill(processId, signal);
    } catch {
      // It has ended already.
    }
    if (await hasEnded(processId, patienceMs)) return;
  }
}

function handle(home: Home, runAs: RunAs, processId: number, port: number, password: string, adopted: boolean): EmbeddedPostgres {
  let ending: Promise<void> | null = null;
  return {
    url: urlOf(port, password, database),
    port,
    processId,
    adopted,
    mode: runAs.mode,
    stop() {
      ending ??= (async () => {
        await end(processId);
        await rm(home.launcherFile, { force: true });
      })();
      return ending;
    },
  };
}
