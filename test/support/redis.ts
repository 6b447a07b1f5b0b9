/** A private redis-server on a free port, in a folder of its own; ended and removed by the test that started it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  /** Sends one command; returns the raw answer (RESP). Arguments hold no spaces. */
  command(line: string): Promise<string>;
  /** Ends the server (`SIGKILL` as a crash would); its append-only file stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same address; with `empty` its disk was lost meanwhile. */
  start(options?: { readonly empty?: boolean }): Promise<void>;
  /** SIGSTOP: the connection stays, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Why tests on Redis can't run here, or null when they can. */
export function noRedis(): string | null {
  return spawnSync("redis-server", ["--version"]).status === 0
    ? null
    : "redis-server is not installed (Debian: apt-get install redis-server)";
}

/** Starts a server as production has it: append-only file, no eviction. */
export async function startRedis(options: { readonly start?: boolean } = {}): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), "rightsize-redis-"));
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start({ empty = false } = {}): Promise<void> {
    if (empty) await rm(join(folder, "appendonlydir"), { recursive: true, force: true });
    const settings = `--port ${port} --bind 127.0.0.1 --dir ${folder} --appendonly yes --appendfsync everysec --maxmemory-policy noeviction`;
    server = spawn("redis-server", [...settings.split(" "), "--save", ""], { stdio: "ignore" });
    for (let tries = 0; ; tries += 1) {
      if ((await command("PING").catch(() => "")).startsWith("+PONG")) return;
      if (tries > 200 || server.exitCode !== null) throw new Error(`redis-server did not start on port ${port}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  function command(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(port, "127.0.0.1", () => socket.write(`${line}\r\n`));
      socket.setTimeout(5_000, () => socket.destroy(new Error("redis-server does not answer")));
      socket.once("data", (data) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.once("error", reject);
    });
  }

  async function stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const ending = server;
    server = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGCONT");
    ending.kill(signal);
    await ended;
  }

  if (options.start !== false) await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    command,
    stop,
    start,
    freeze: () => void server?.kill("SIGSTOP"),
    thaw: () => void server?.kill("SIGCONT"),
    async remove() {
      await stop("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
