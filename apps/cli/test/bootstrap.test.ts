/** The bootstrap: it sees what is installed, lets one at a time prepare the folder, and says what a person can do about a failure. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BootstrapFailure, hintFor, stepFailure, writeFailure } from "../bootstrap/failure.mjs";
import { isInstalled, missingSpace } from "../bootstrap/install.mjs";
import { takeLock } from "../bootstrap/lock.mjs";
import { skippedLines } from "../bootstrap/tests.mjs";

const cli = fileURLToPath(new URL("..", import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-bootstrap-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
}
function installed(wanted: Record<string, Entry>, there: Record<string, Entry> | null): boolean {
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages: { "": {}, "apps/cli": {}, ...wanted } }));
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  if (there !== null) writeFileSync(join(folder, "node_modules", ".package-lock.json"), JSON.stringify({ packages: there }));
  return isInstalled(folder);
}

test("packages are installed when node_modules holds what the lock file asks for", () => {
  const zod = { "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" } };
  expect(installed(zod, null)).toBe(false);
  expect(installed(zod, {})).toBe(false);
  expect(installed(zod, zod)).toBe(true);
  expect(installed(zod, { "node_modules/zod": { version: "4.6.8", integrity: "sha512-a" } })).toBe(false);
  expect(installed(zod, { "node_modules/zod": { version: "4.6.7", integrity: "sha512-b" } })).toBe(false);
});

test("packages for other platforms may be missing, and more than asked for may be there", () => {
  const forWindows = { "node_modules/esbuild-windows": { version: "1.0.0", optional: true } };
  expect(installed(forWindows, { "node_modules/extra": { version: "1.0.0" } })).toBe(true);
});

test("a disk without room is told before anything is fetched", () => {
  expect(missingSpace("/opt/rightsize", 2e9)).toBeNull();
  expect(missingSpace("/opt/rightsize", 60e6)).toContain("need 1.2 GB, and the disk of /opt/rightsize has 0.1 GB left");
});

test("of many preparations at once each has the folder to itself", async () => {
  const path = join(folder, ".rightsize", "bootstrap.lock");
  const counter = join(folder, "counter");
  writeFileSync(counter, "0");
  const script = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { takeLock } from ${JSON.stringify(join(cli, "bootstrap/lock.mjs"))};
    const release = await takeLock(${JSON.stringify(path)}, () => {});
    const before = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
    await sleep(30);
    writeFileSync(${JSON.stringify(counter)}, String(before + 1));
    release();`;
  const run = promisify(execFile);
  await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, ["--input-type=module", "-e", script])));
  expect(readFileSync(counter, "utf8")).toBe("6");
  expect(readdirSync(join(folder, ".rightsize"))).toEqual([]);
});

test("a lock of a process that is gone, or of a stranger with its number, is no obstacle", async () => {
  const path = join(folder, "lock");
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  for (const text of [
    JSON.stringify({ pid: gone, start: "then" }),
    JSON.stringify({ pid: process.pid, start: "another start" }),
    "",
    "{ torn",
  ]) {
    writeFileSync(path, text);
    const release = await takeLock(path, () => {});
    release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("a failed step shows the end of its log and what to do", () => {
  const log = `${Array.from({ length: 100 }, (_, line) => `line ${line}`).join("\n")}\nnpm error code ENOSPC`;
  const { message } = stepFailure("Installing packages (npm ci)", log, "exit code 228");
  expect(message).toContain("Installing packages (npm ci) failed (exit code 228)");
  expect(message).toContain("  line 99\n");
  expect(message).not.toContain("line 42\n");
  expect(message).toContain("The disk is full");
});

test("causes that people meet have a hint each", () => {
  const hints = [
    "ENOSPC",
    "EROFS: read-only file system",
    "EACCES: permission denied",
    "getaddrinfo EAI_AGAIN",
    "npm error code EUSAGE",
    "TS2305",
  ].map((text) => hintFor(text).slice(0, 20));
  expect(hints).toEqual([
    "The disk is full. Ri",
    "This folder is read-",
    "This folder or npm's",
    "npm's registry can't",
    "package.json and pac",
    "",
  ]);
});

test("a folder that can't be written is told by name; other errors stay what they are", () => {
  const readOnly = Object.assign(new Error("EROFS: read-only file system, mkdir"), { code: "EROFS" });
  expect(writeFailure(readOnly, "/opt/rightsize")).toBeInstanceOf(BootstrapFailure);
  expect(String(writeFailure(readOnly, "/opt/rightsize"))).toContain("/opt/rightsize (EROFS)");
  const other = new TypeError("a mistake of ours");
  expect(writeFailure(other, "/opt/rightsize")).toBe(other);
});

test("skipped tests are told by file and reason, one line each", () => {
  const file = "test/contract/queue.test.ts";
  expect(
    skippedLines([
      { file, name: "on Redis > keeps order", note: "redis-server is not installed" },
      { file, name: "on Redis > loses nothing", note: "redis-server is not installed" },
      { file, name: "in the dark > glows", note: null },
    ]),
  ).toEqual([`skipped 2 in ${file}: redis-server is not installed`, `skipped 1 in ${file}: in the dark`]);
});

test("an old Node is told what is needed, in a sentence", () => {
  const script = readFileSync(join(cli, "bootstrap.mjs"), "utf8").replaceAll("process.versions.node", '"18.20.4"');
  writeFileSync(join(folder, "bootstrap.mjs"), script);
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "bootstrap.mjs"), "demo"], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("Rightsize needs Node.js 20.19 or newer; this is 18.20.4");
});

test("an unknown command names those that there are", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(cli, "bootstrap.mjs"), "dmeo"], { encoding: "utf8" });
  expect([status, stderr.split("\n")[0]]).toEqual([2, "Unknown command: dmeo"]);
});
