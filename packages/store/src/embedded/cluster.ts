/** A cluster's folder: made with initdb on the first start, served by a detached Postgres. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RightsizeError } from "@rightsize/core";
import { giveTo, type RunAs } from "./run-as.ts";

export const user = "rightsize";

/** What pino offers; nothing is logged without one. */
export interface EmbeddedLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Where a folder keeps what. */
export interface Home {
  readonly folder: string;
  readonly data: string;
  readonly passwordFile: string;
  readonly launcherFile: string;
  readonly logFile: string;
}

/** Makes the cluster on the first start. A crash in the middle leaves only a folder that the next start removes. */
export async function initialise(home: Home, runAs: RunAs, logger: EmbeddedLogger | undefined): Promise<void> {
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

/** Spawns the server detached, so that Ctrl-C in a terminal reaches us alone and we end it in our own order. */
export async function launch(home: Home, runAs: RunAs, port: number, more: Readonly<Record<string, string | number>>): Promise<number> {
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
