/** The embedded Postgres as a stranger meets it: started, killed, started again, as root and as an ordinary user. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@rightsize/store";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { codeOf, until } from "./store/world.ts";

const isRoot = process.getuid?.() === 0;
const hasNamespaces = spawnSync("unshare", ["-U", "--map-user=65534", "--map-group=65534", "--", "true"]).status === 0;

let folder: string;
const servers: EmbeddedPostgres[] = [];
const launchers: ChildProcess[] = [];
const elsewhere: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-embedded-"));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  for (const launcher of launchers.splice(0)) launcher.kill("SIGKILL");
  for (const server of servers.splice(0)) await server.stop();
  // A test that failed must not leave its server running.
  for (const data of [folder, ...elsewhere]) {
    const left = Number(readIfThere(join(data, "data/postmaster.pid")).split("\n")[0]);
    if (left > 0 && isAlive(left)) process.kill(left, "SIGKILL");
  }
  for (const path of [folder, ...elsewhere.splice(0)]) rmSync(path, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, ...options });
  servers.push(server);
  return server;
}

interface Launched {
  readonly url: string;
  readonly port: number;
  readonly processId: number;
  readonly adopted: boolean;
  readonly mode: string;
  readonly error?: string;
}
/** Starts a launcher in a process of its own, perhaps as another user, and waits for what it says. */
async function launch(options: { readonly in?: string; readonly uid?: number } = {}): Promise<{ launcher: ChildProcess; said: Launched }> {
  const script = fileURLToPath(new URL("./store/launch-postgres.ts", import.meta.url));
  const launcher = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script, options.in ?? folder], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid, env: { ...process.env, HOME: folder, TMPDIR: folder } }),
  });
  launchers.push(launcher);
  const [line] = (await once(createInterface(launcher.stdout as NodeJS.ReadableStream), "line")) as [string];
  return { launcher, said: JSON.parse(line) as Launched };
}

async function ask<Row>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return !readIfThere(`/proc/${processId}/stat`).includes(") Z ");
  } catch {
    return false;
  }
}
function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

describe("the embedded Postgres", () => {
  test("is a real Postgres 18 that keeps its data, and leaves neither process nor port behind", async () => {
    const first = await start();
    expect(await ask(first.url, "SHOW server_version")).toMatchObject([{ server_version: expect.stringMatching(/^18\./) }]);
    expect(await ask(first.url, "SHOW max_connections")).toEqual([{ max_connections: "300" }]);
    await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS number");
    await first.stop();
    await first.stop();
    expect(isAlive(first.processId)).toBe(false);
    (await listenOn(first.port)).close();

    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await ask(second.url, "SELECT number FROM kept")).toEqual([{ number: 42 }]);
  });

  test("lets in only who knows the password, on loopback only, and keeps the password for its owner", async () => {
    const server = await start();
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(ask(wrong.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
    expect(await ask(server.url, "SHOW listen_addresses")).toEqual([{ listen_addresses: "127.0.0.1" }]);
    expect(statSync(join(folder, "password")).mode & 0o777).toBe(0o600);
  });

  test("takes the port asked for; a taken one is a clear error that leaves nothing running", async () => {
    const blocker = await listenOn(0);
    const { port } = blocker.address() as { port: number };
    const refused = startEmbeddedPostgres({ folder, port });
    await expect(refused).rejects.toMatchObject({ code: "conflict", message: `Port ${port} is taken.` });
    await new Promise((resolve) => blocker.close(resolve));
    expect((await start({ port })).port).toBe(port);
  });

  test("a second launcher in the same folder is refused while the first one lives", async () => {
    const server = await start();
    expect(await codeOf(startEmbeddedPostgres({ folder }))).toBe("conflict");
    expect((await launch()).said.error).toContain(`is in use by process ${process.pid}`);
    expect(await ask(server.url, "SELECT 1 AS one"), "the first one's server is unharmed").toEqual([{ one: 1 }]);
  });

  test("a launcher that is killed leaves a server, which the next start takes over and ends properly", async () => {
    const { launcher, said } = await launch();
    launcher.kill("SIGKILL");
    await once(launcher, "exit");
    expect(isAlive(said.processId)).toBe(true);
    const heir = await start();
    expect(heir).toMatchObject({ adopted: true, port: said.port, processId: said.processId, url: said.url });
    expect(await ask(heir.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await heir.stop();
    expect(isAlive(said.processId)).toBe(false);
  });

  test("a server left behind on another port than the one wanted is ended, and a new one started", async () => {
    const { launcher, said } = await launch();
    launcher.kill("SIGKILL");
    await once(launcher, "exit");
    const blocker = await listenOn(0);
    const { port } = blocker.address() as { port: number };
    await new Promise((resolve) => blocker.close(resolve));
    expect(await start({ port })).toMatchObject({ adopted: false, port });
    expect(isAlive(said.processId)).toBe(false);
  });

  test("a server that is killed itself recovers at the next start, with what was committed", async () => {
    const server = await start();
    await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS number");
    process.kill(server.processId, "SIGKILL");
    await until(() => !isAlive(server.processId));
    await server.stop();
    const healed = await start();
    expect(await ask(healed.url, "SELECT number FROM kept")).toEqual([{ number: 42 }]);
  });

  test("a first start that is killed half-way is healed by the next", async () => {
    const script = fileURLToPath(new URL("./store/launch-postgres.ts", import.meta.url));
    const launcher = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script, folder], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: "ignore",
    });
    launchers.push(launcher);
    await until(() => readdirSync(folder).some((name) => name.startsWith("data.new")));
    launcher.kill("SIGKILL");
    await once(launcher, "exit");
    const server = await start();
    expect(await ask(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(readdirSync(folder).filter((name) => name.startsWith("data.new"))).toEqual([]);
  });

  test("an old lock file that names somebody else's process doesn't hurt them", async () => {
    await (await start()).stop();
    const bystander = spawn("sleep", ["60"]);
    writeFileSync(join(folder, "data/postmaster.pid"), `${bystander.pid}\n${folder}/data\n0\n1\n\n127.0.0.1\n`);
    const server = await start();
    expect(await ask(server.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    expect(isAlive(bystander.pid as number)).toBe(true);
    bystander.kill("SIGKILL");
  });

  const nameless = 12_345;
  const daemon = 1;
  test
    .runIf(isRoot)
    .each([
      ["an ordinary user as that user", daemon, "self"],
      ...(hasNamespaces ? ([["a user id that has no name, as containers have", nameless, "namespace"]] as const) : []),
    ] as const)("runs for %s", async (_who, uid, mode) => {
    const home = join(folder, "of-a-user");
    mkdirSync(home);
    chownSync(home, uid, uid);
    chmodSync(folder, 0o777);
    const { launcher, said } = await launch({ in: home, uid });
    expect(said).toMatchObject({ mode });
    expect(statSync(join(home, "data")).uid).toBe(uid);
    expect(await ask(said.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    launcher.kill("SIGTERM");
    await once(launcher, "exit");
    expect(isAlive(said.processId)).toBe(false);
  });

  test.runIf(isRoot)("runs for root as nobody", async () => {
    const server = await start();
    expect(server.mode).toBe("nobody");
    expect(readFileSync(`/proc/${server.processId}/status`, "utf8")).toMatch(/^Uid:\s+65534/m);
  });

  test.runIf(isRoot && hasNamespaces)(
    "runs for root in a folder that nobody can't enter, and stays with the way its data was made",
    async () => {
      const closed = join(folder, "closed");
      mkdirSync(closed, { mode: 0o700 });
      const server = await start({ folder: closed });
      expect(server.mode).toBe("namespace");
      await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS number");
      await server.stop();
      chmodSync(closed, 0o755);
      const again = await start({ folder: closed });
      expect(again.mode).toBe("namespace");
      expect(await ask(again.url, "SELECT number FROM kept")).toEqual([{ number: 42 }]);
    },
  );

  test.runIf(isRoot)("runs for root in a closed folder without namespaces, its data elsewhere, and finds them again", async () => {
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const server = await start({ folder: closed, mode: "elsewhere" });
    elsewhere.push(readFileSync(join(closed, "data-is-in"), "utf8").trim());
    await ask(server.url, "CREATE TABLE kept AS SELECT 42 AS number");
    await server.stop();
    const again = await start({ folder: closed });
    expect(again.mode).toBe("elsewhere");
    expect(await ask(again.url, "SELECT number FROM kept")).toEqual([{ number: 42 }]);
  });
});
