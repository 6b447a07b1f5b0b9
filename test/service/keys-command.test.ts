/** `rightsize keys` as people use it: the first key in the database, the others through the service. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyView, NewKeyView } from "@rightsize/contract";
import { afterEach, expect, test } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { type ApiProcess, startApiProcess } from "./api-process.ts";

const main = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));
const postgres = withPostgres();
let api: ApiProcess | null = null;
let folder: string | null = null;
afterEach(async () => {
  await api?.remove();
  api = null;
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  folder = null;
});

async function keys(environment: Record<string, string>, ...args: string[]) {
  const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...environment };
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", main, "keys", ...args], { env });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, ...said };
}

test("the first key is made in the database; with it come others, which are listed and revoked", async () => {
  const database = await postgres.newDatabase();
  api = await startApiProcess(database);
  const first = await keys({ DATABASE_URL: database }, "create", "--database", "--name", "mine", "--scopes", "read,admin", "--json");
  expect(first.status, first.stderr).toBe(0);
  const admin = JSON.parse(first.stdout) as NewKeyView;
  expect(admin).toMatchObject({ owner: "local", name: "mine", scopes: ["read", "admin"], expiresAt: null });

  const service = { RIGHTSIZE_URL: api.url, RIGHTSIZE_KEY: admin.key };
  const made = await keys(service, "create", "--name", "laptop", "--scopes", "read, write", "--expires", "90d");
  expect(made.status, made.stderr).toBe(0);
  const token = made.stdout.trim();
  expect(token).toMatch(/^rsk_[0-9a-f]{16}_[0-9a-f]{64}$/);
  expect(made.stderr).toMatch(/shown this once/);
  const ask = (key: string) => fetch(`${api?.url}/v1/experiments`, { headers: { authorization: `Bearer ${key}` } });
  expect((await ask(token)).status).toBe(200);

  const listed = JSON.parse((await keys(service, "list", "--json")).stdout) as KeyView[];
  expect(listed.map(({ name }) => name)).toEqual(["laptop", "mine"]);
  const [laptop] = listed as [KeyView];
  expect(Date.parse(laptop.expiresAt ?? "") - Date.parse(laptop.createdAt)).toBeCloseTo(90 * 86_400_000, -2);
  expect((await keys(service, "list")).stdout).not.toContain(token.slice(-20));

  const revoked = await keys(service, "revoke", laptop.id);
  expect(revoked.stderr).toContain("laptop) is revoked");
  expect((await ask(token)).status).toBe(401);
  const refused = await keys({ ...service, RIGHTSIZE_KEY: token }, "list");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("was revoked");
});

test("in a data folder whose service is stopped, for any owner", async () => {
  folder = mkdtempSync(path.join(tmpdir(), "rightsize-keys-"));
  const data = ["--data", path.join(folder, "data")];
  const made = await keys({}, "create", ...data, "--name", "hers", "--scopes", "read", "--owner", "alice");
  expect(made.status, made.stderr).toBe(0);
  const listed = await keys({}, "list", ...data, "--owner", "alice", "--json");
  expect(JSON.parse(listed.stdout)).toMatchObject([{ name: "hers", owner: "alice" }]);
  expect(JSON.parse((await keys({}, "list", ...data, "--json")).stdout)).toEqual([]);
});

test.each([
  [["make"], /create, list or revoke/],
  [["create", "--scopes", "read"], /--name is missing/],
  [["create", "--name", "x"], /--scopes is missing/],
  [["create", "--name", "x", "--scopes", "read,root"], /scopes\.1/],
  [["create", "--name", "x", "--scopes", "read", "--expires", "soon"], /--expires is "soon"/],
  [["create", "--name", "x", "--scopes", "read", "--owner", "bob"], /--owner goes with/],
  [["list", "--database"], /DATABASE_URL/],
  [["revoke"], /KEY is missing/],
])("%j is wrong usage", async (args, says) => {
  const { status, stderr } = await keys({}, ...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(says);
});
