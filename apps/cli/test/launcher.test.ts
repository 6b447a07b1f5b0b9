/** The launcher: what is started is ended, what dies comes back, what a killed launcher left is healed, and nobody else is harmed. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identify, isRunning, processStart } from "../bootstrap/process-identity.mjs";
import { claimDataFolder } from "../src/launcher/claim-data-folder.ts";
import { type RunningService, type ServiceOptions, startService } from "../src/launcher/start-service.ts";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const scripts = { api: fixture("fake-api.mjs"), worker: fixture("fake-worker.mjs") };

let folder: string;
let said: string[];
const running: RunningService[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-launcher-test-"));
  said = [];
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

const notes = () => join(folder, "notes");
const workerPids = (): number[] => JSON.parse(readFileSync(`${notes()}.pids`, "utf8"));

async function start(changes: Partial<ServiceOptions> = {}, fake: Record<string, string> = {}): Promise<RunningService> {
  const service = await startService({
    dataFolder: join(folder, "data"),
    host: "127.0.0.1",
    port: 0,
    slots: 1,
    engines: "scripted",
    databaseUrl: null,
    openDatabase: async () => ({ url: "postgresql://not-used", processId: null, stop: async () => void said.push("database stopped") }),
    redisUrl: null,
    logLevel: "info",
    logs: "files",
    environment: { ...process.env, FAKE_NOTES: notes(), ...fake },
    say: (text) => said.push(text),
    signal: new AbortController().signal,
    scripts,
    ...changes,
  });
  running.push(service);
  await service.workerReady;
  return service;
}
const ask = async (service: RunningService, path = "/") =>
  (await fetch(`${service.url}${path}`)).json() as Promise<{ pid: number; port: string }>;
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await what()) return;
    await sleep(50);
  }
  throw new Error("it never came to be");
}

test("starts the API and the worker, and ends them with everything they started", async () => {
  const service = await start();
  const { pid } = await ask(service);
  expect(service.pids()).toEqual({ api: pid, worker: workerPids()[0] });
  await service.stop();
  expect(readFileSync(notes(), "utf8")).toBe("api stopped in order\n");
  expect(said).toEqual(["database stopped"]);
  expect([pid, ...workerPids()].map(processStart)).toEqual([null, null, null]);
  await expect(fetch(service.url)).rejects.toThrow();
});

test("a part that hears nothing is ended all the same, within 5 s", async () => {
  const service = await start({}, { FAKE_DEAF: "yes" });
  const since = performance.now();
  await service.stop();
  expect(performance.now() - since).toBeLessThan(5000);
  expect(workerPids().map(processStart)).toEqual([null, null]);
});

test("a part that dies is started again; the API comes back on its port", async () => {
  const service = await start();
  const first = await ask(service);
  await ask(service, "/crash").catch(() => {});
  await until(async () => (await ask(service).catch(() => first)).pid !== first.pid);
  expect((await ask(service)).port).toBe(new URL(service.url).port);
  expect(said.join()).toContain("The api ended (exit code 9); starting it again");
});

test("a part that can't start ends the start with the end of its log, and leaves nothing behind", async () => {
  await expect(start({}, { FAKE_FAILS: "start" })).rejects.toThrow(/api did not start: it ended \(exit code 3\)[\s\S]*made of cheese/);
  await start();
});

test("a worker that can't start is told to whoever waits for it; the API is stopped like everything else", async () => {
  const service = start({}, { FAKE_FAILS: "worker" });
  await expect(service).rejects.toThrow(/worker did not start: it ended \(exit code 4\)/);
});

test("a taken port is an error that names --port, before anything is started", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  await expect(start({ port })).rejects.toThrow(new RegExp(`Port ${port} .*taken[\\s\\S]*--port ${port + 1}`));
  other.close();
});

test("a second launcher on the same data says where the first one is", async () => {
  const service = await start();
  await expect(start()).rejects.toThrow(`already running on ${join(folder, "data")} at ${service.url} (process ${process.pid})`);
});

test("stopping while it starts stops what had been started", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const starting = start({ signal: controller.signal });
  controller.abort(reason);
  await expect(starting).rejects.toBe(reason);
  await start();
});

test("children that a killed launcher left are ended by the next start", async () => {
  const orphan = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
  const identity = identify(orphan.pid ?? 0);
  expect(identity).not.toBeNull();
  await writeLedger({ pid: 999_999_999, start: "long ago" }, [{ name: "worker", ...identity }]);
  const claim = await claimDataFolder(join(folder, "data"));
  expect(claim.endedChildren).toEqual(["worker"]);
  expect(isRunning(identity)).toBe(false);
  claim.release();
});

test("a stranger who has the number of an old child is left alone", async () => {
  const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
  const identity = identify(stranger.pid ?? 0);
  await writeLedger({ pid: process.pid, start: "another boot" }, [{ name: "worker", pid: stranger.pid, start: "another start" }]);
  const claim = await claimDataFolder(join(folder, "data"));
  expect(claim.endedChildren).toEqual([]);
  expect(isRunning(identity)).toBe(true);
  claim.release();
  stranger.kill("SIGKILL");
});

test("a torn file of a crashed launcher is no obstacle", async () => {
  await writeLedger("{ torn");
  const claim = await claimDataFolder(join(folder, "data"));
  claim.release();
});

async function writeLedger(launcher: unknown, children: unknown[] = []): Promise<void> {
  const claim = await claimDataFolder(join(folder, "data"));
  claim.release();
  const text = typeof launcher === "string" ? launcher : JSON.stringify({ launcher, url: null, children });
  writeFileSync(join(folder, "data", "launcher.json"), text);
}
