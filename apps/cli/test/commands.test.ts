/** The command line as a program: help, wrong usage and a missing service, by exit code and message. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
function rightsize(...args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  // Nobody listens on port 2 of loopback.
  const env = { ...process.env, RIGHTSIZE_URL: "http://127.0.0.1:2", NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main, ...args], { env });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, ...said })));
}

test("help names every command and the exit codes", async () => {
  const { status, stdout } = await rightsize("--help");
  expect(status).toBe(0);
  for (const command of ["up", "demo", "run", "watch", "list", "show", "trials", "datasets", "workers", "report"])
    expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
  expect(stdout).toContain("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no service there, 130 interrupted.");
});

test("a command's help names its options", async () => {
  const { status, stdout } = await rightsize("up", "--help");
  expect(status).toBe(0);
  for (const option of ["--port PORT", "--data FOLDER", "--workers N", "--engines NAMES", "--json"]) expect(stdout).toContain(option);
});

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [["frobnicate"], /There is no command "frobnicate"/],
  [["trials"], /EXPERIMENT is missing/],
  [["trials", "exp_1", "--format", "pdf"], /--format is "pdf": it takes table, json, csv, markdown/],
  [["list", "--limit", "many"], /--limit is "many": it takes a whole number from 1 to 200/],
  [["list", "everything"], /There is no place for "everything"/],
  [["up", "--prot", "1"], /Unknown option '--prot'/],
  [["up", "--port", "70000"], /--port is "70000"/],
  [["run", "/nowhere/cars.csv", "--target", "price"], /\/nowhere\/cars\.csv can't be read: there is no such file/],
  [["run", main, "--spec", "{torn"], /--spec takes a JSON object; this is \{torn/],
];
test.concurrent.each(wrong)("wrong usage says what is wrong, with exit code 2: %j", async (args, message) => {
  const { status, stderr, stdout } = await rightsize(...args);
  expect(stderr).toMatch(message);
  expect([status, stdout]).toEqual([2, ""]);
});

test("no service is exit code 3, and how to start one", async () => {
  const { status, stderr } = await rightsize("list");
  expect(status).toBe(3);
  expect(stderr).toMatch(/No Rightsize answers at http:\/\/127\.0\.0\.1:2 .*\nStart one with npm start/);
});
