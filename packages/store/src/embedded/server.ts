/** The embedded Postgres: a real server from the npm package, on loopback only, in a folder of ours, started and ended by us. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RightsizeError } from "@rightsize/core";
import { Client } from "pg";
import { freePort, hasEnded, isAlive, startMark } from "./processes.ts";
import { chooseRunAs, giveTo, type RunAs, type RunMode } from "./run-as.ts";

/** What pino offers; nothing is logged without one. */
export interface EmbeddedLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

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

const user = "rightsize";
const database = "rightsize";

interface Home {
  readonly folder: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly launcherFile: string;
  readonly logFile: string;
}

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

/** Makes the cluster on the first start. A crash in the middle leaves only a folder that the next start removes. */
async function initialise(home: Home, runAs: RunAs, logger: EmbeddedLogger | undefined): Promise<void> {
  if (await stat(join(home.data, "PG_VERSION")).catch(() => null)) return;
  const started = performance.now();
  for (const name of await readdir(runAs.home)) {
    if (!name.startsWith("data.new.") && !name.startsWith("password.")) continue;
    // The initdb of a launcher that was just killed may still be writing there; what can't be removed now, the next start removes.
    await rm(join(runAs.home, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }).catch((error: Error) =>
      logger?.warn({ name, error: error.message }, "could not remove what an interrupted start left"),
    );
  }
  const mark = randomBytes(4).toString("hex");
  const unfinished = join(runAs.home, `data.new.${mark}`);
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await giveTo(runAs, unfinished);

  const password = randomBytes(24).toString("base64url");
  await rm(home.passwordFile, { force: true });
  await writeFile(home.passwordFile, `${password}\n`, { mode: 0o600 });
  const passwordForInitdb = join(runAs.home, `password.${mark}`);
  await writeFile(passwordForInitdb, `${password}\n`, { mode: 0o600 });
  await giveTo(runAs, passwordForInitdb);
  try {
    await initdb(runAs, unfinished, passwordForInitdb);
  } finally {
    await rm(passwordForInitdb, { force: true });
  }
  await rename(unfinished, home.data);
  logger?.info({ tookMs: Math.round(performance.now() - started) }, "made a new embedded Postgres cluster");
}

function initdb(runAs: RunAs, data: string, passwordFile: string): Promise<void> {
  const command = [
    ...runAs.prefix,
    runAs.binaries.initdb,
    `--pgdata=${data}`,
    `--username=${user}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    "--no-instructions",
    // The cluster is empty: a power cut now would only mean making it again. The server syncs everything from its first commit on.
    "--no-sync",
    // The password is 192 random bits: stretching it would only slow each connection down.
    "-c",
    "scram_iterations=1",
  ];
  return new Promise((settle, reject) => {
    const child = spawn(command[0] as string, command.slice(1), {
      ...runAs.ids,
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) settle();
      else reject(new RightsizeError("unavailable", `The embedded Postgres could not make its cluster: ${errors.trim().slice(-2000)}`));
    });
  });
}

async function choosePort(wanted: number | null): Promise<number> {
  const port = await freePort(wanted ?? 0);
  if (port !== null) return port;
  throw new RightsizeError("conflict", `Port ${wanted} is taken.`, {
    issues: [{ where: "port", received: `${wanted} (in use)`, required: "a free port" }],
  });
}

/** Spawns the server detached, so that Ctrl-C in a terminal reaches us alone and we end it in our own order. */
async function launch(home: Home, runAs: RunAs, port: number, more: NonNullable<EmbeddedOptions["settings"]>): Promise<number> {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 300,
    shared_buffers: "128MB",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
    // A client whose machine is gone must not hold locks for hours.
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
    ...(process.platform === "linux" ? { recovery_init_sync_method: "syncfs" } : {}),
    ...more,
  };
  const command = [
    ...runAs.prefix,
    runAs.binaries.postgres,
    "-D",
    home.data,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  // A file, no pipe: the server must outlive us without a broken pipe.
  const log = await open(home.logFile, "w");
  try {
    const child = spawn(command[0] as string, command.slice(1), {
      ...runAs.ids,
      cwd: "/",
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    });
    child.unref();
    return await new Promise<number>((settle, reject) => {
      child.once("error", reject);
      child.once("spawn", () => settle(child.pid as number));
    });
  } finally {
    await log.close();
  }
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
