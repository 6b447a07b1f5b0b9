/** What a stranger runs: the demo from start to end, and a service that is stopped, killed and started again. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiAt, smallTable } from "../support/api.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Temporary files of everything started here lie in this folder, so that what stays behind is seen. */
let folder: string;
const started: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-launcher-"));
  // As root, Postgres runs as nobody, who must be able to pass through.
  execFileSync("chmod", ["711", folder]);
});
afterAll(async () => {
  for (const child of started) child.kill("SIGTERM");
  await Promise.all(started.map(ended));
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  output(): string;
}
function rightsize(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(root, "apps/cli/dist/main.js"), ...args], {
    env: { ...process.env, TMPDIR: folder, RIGHTSIZE_LOG: "warn", DATABASE_URL: "", REDIS_URL: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  return { child, output: () => output };
}
function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
async function up(...args: readonly string[]): Promise<Running & { readonly url: string }> {
  const running = rightsize("up", "--data", join(folder, "data"), "--workers", "1", "--engines", "onnx,scripted", ...args);
  for (let tries = 0; tries < 900; tries++) {
    const url = /page {2}(\S+)\/\n/.exec(running.output())?.[1];
    if (url !== undefined && running.output().includes("Ctrl-C stops it.")) return { ...running, url };
    if (running.child.exitCode !== null) break;
    await sleep(100);
  }
  throw new Error(`it did not come up:\n${running.output()}`);
}
/** Processes that inherited our folder as their TMPDIR (by /proc, on Linux), or name it in their arguments; zombies don't count. */
function processesLeft(): string[] {
  const lines = execFileSync("ps", ["-eo", "pid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => {
    const [pid = "", state = ""] = line.trim().split(/\s+/);
    return (
      !state.startsWith("Z") && Number(pid) !== process.pid && (line.includes(folder) || environmentOf(pid).includes(`TMPDIR=${folder}\0`))
    );
  });
}
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
const isGone = (url: string) =>
  fetch(`${url}/health/live`).then(
    () => false,
    () => true,
  );

test("the demo finds a size for real cars, says why, and leaves no process, port or file behind", async () => {
  const demo = rightsize("demo");
  expect([await ended(demo.child), demo.output()]).toEqual([0, expect.any(String)]);
  const output = demo.output();
  expect(output).toContain("Uploaded cars.json: 406 cars, 9 columns.");
  expect(output).toMatch(/Left out Name: /);
  expect(output).toMatch(/Decision 1: train \S.*\. \S/);
  expect(output).toMatch(/Hidden layers {2}Nodes per layer {2}Mean squared error {2}Next step +Parameters +Score\n/);
  expect(output).toContain("◀ the answer");
  expect(output).toMatch(/The right size: .+\./);
  // The delivered model first (a size, or the mean of several runs with the size alone beside it), then what it has to beat.
  expect(output).toMatch(/in miles per gallon +validation +test\n─.*\n(linear|\d×\d+|mean of the best \d runs) +[\d.–]+ +[\d.]+\n/);
  expect(output).toMatch(/\nalways the mean +[\d.]+ +[\d.]+\nlinear model +[\d.]+ +[\d.]+\n/);
  const url = /The page was (http:\/\/127\.0\.0\.1:\d+)\/experiments\/exp_/.exec(output)?.[1];
  expect(await isGone(url ?? "")).toBe(true);
  expect(processesLeft()).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith("rightsize-demo"))).toEqual([]);
});

async function saying(running: Running, text: string): Promise<void> {
  while (!running.output().includes(text)) {
    if (running.child.exitCode !== null) throw new Error(running.output());
    await sleep(20);
  }
}

test("the demo interrupted in the middle leaves nothing behind either, and clears away what a killed one left", async () => {
  const killed = rightsize("demo");
  await saying(killed, "The API answers");
  killed.child.kill("SIGKILL");
  await ended(killed.child);
  expect(processesLeft().join()).toContain("postgres");

  const demo = rightsize("demo");
  await saying(demo, "Decision 2");
  const since = performance.now();
  demo.child.kill("SIGINT");
  expect(await ended(demo.child)).toBe(130);
  expect(performance.now() - since).toBeLessThan(5000);
  expect(processesLeft()).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.startsWith("rightsize-demo"))).toEqual([]);
});

test("a service stops within 5 s, and what was there is there after the next start, also after its launcher was killed", async () => {
  const first = await up("--port", "0");
  const { id } = await apiAt(first.url).upload("small.csv", smallTable());
  const since = performance.now();
  first.child.kill("SIGTERM");
  expect(await ended(first.child)).toBe(0);
  expect(performance.now() - since).toBeLessThan(5000);
  expect([await isGone(first.url), processesLeft()]).toEqual([true, []]);

  const second = await up("--port", "0");
  second.child.kill("SIGKILL");
  await ended(second.child);

  const third = await up("--port", "0");
  expect(await (await apiAt(third.url).raw(`/v1/datasets/${id}`)).json()).toMatchObject({ name: "small.csv" });
  third.child.kill("SIGINT");
  expect(await ended(third.child)).toBe(0);
  expect(processesLeft()).toEqual([]);
});

test("a killed API comes back at its address, and the service goes on", async () => {
  const service = await up("--port", "0");
  const ledger = JSON.parse(readFileSync(join(folder, "data", "launcher.json"), "utf8")) as { children: { name: string; pid: number }[] };
  process.kill(ledger.children.find(({ name }) => name === "api")?.pid ?? 0, "SIGKILL");
  await expect.poll(() => service.output(), { timeout: 5000 }).toContain("The api ended (SIGKILL); starting it again");
  const api = apiAt(service.url);
  await expect
    .poll(
      () =>
        api.raw("/health/live").then(
          (response) => response.status,
          () => 0,
        ),
      { timeout: 60_000, interval: 200 },
    )
    .toBe(200);
  const dataset = await api.upload("small.csv", smallTable());
  const request = { dataset: dataset.id, target: "y", search: { preset: "course" }, recipe: { maxEpochs: 3 } };
  expect((await api.ended((await api.post(request)).id)).state).toBe("SUCCEEDED");

  const second = rightsize("up", "--data", join(folder, "data"), "--port", "0");
  expect(await ended(second.child)).toBe(1);
  expect(second.output()).toContain(`already running on ${join(folder, "data")} at ${service.url}`);
  const elsewhere = rightsize("up", "--data", join(folder, "other"), "--port", new URL(service.url).port);
  expect(await ended(elsewhere.child)).toBe(1);
  expect(elsewhere.output()).toContain("--port");
  service.child.kill("SIGTERM");
  await ended(service.child);
});
