/** `predict` and `export` as a person types them, against a service that answers as the real one does. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const tsx = fileURLToPath(import.meta.resolve("tsx"));
const bundle = Buffer.from("PK pretends to be a zip");
const promised = createHash("sha256").update(bundle).digest("hex");
const view = {
  ...{ experimentId: "exp_1", model: promised, target: "price", task: "regression", classes: [] },
  ...{ predictions: [1.5, null], probabilities: null },
};

let server: Server;
let folder: string;
let etag = promised;
/** Comes between a question and its answer. */
let meanwhile = () => {};
let asked: { url: string; type: string; accept: string; body: string } | null = null;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-cli-model-"));
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "content-type": type = "", accept = "" } = request.headers;
    asked = { url: request.url ?? "", type, accept, body };
    meanwhile();
    if (request.url === "/v1/experiments/exp_1/model") return response.setHeader("etag", `"${etag}"`).end(bundle);
    if (request.url === "/v1/experiments/exp_1/report") return response.setHeader("content-type", accept).end(`as ${accept}\n`);
    if (accept === "text/csv") return response.setHeader("content-type", "text/csv").end("prediction\n1.5\n2.5\n");
    return response.setHeader("content-type", "application/json").end(JSON.stringify(view));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => {
  etag = promised;
  asked = null;
  meanwhile = () => {};
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function rightsize(...args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, RIGHTSIZE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, ["--conditions=source", "--import", tsx, main, ...args], { env, cwd: folder });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, ...said })));
}

test("predict sends a CSV file as it is and prints CSV", async () => {
  writeFileSync(join(folder, "rows.csv"), "size\n1\n2\n");
  expect(await rightsize("predict", "exp_1", "rows.csv")).toEqual({ status: 0, stdout: "prediction\n1.5\n2.5\n", stderr: "" });
  expect(asked).toEqual({ url: "/v1/experiments/exp_1/predict", type: "text/csv", accept: "text/csv", body: "size\n1\n2\n" });
});

test("predict takes JSON too, gives JSON, and writes where it is told", async () => {
  writeFileSync(join(folder, "rows.json"), '{"rows":[{"size":1}]}');
  const { status, stdout } = await rightsize("predict", "exp_1", "rows.json", "--json", "--out", "out.json");
  expect([status, stdout]).toEqual([0, ""]);
  expect(asked).toMatchObject({ type: "application/json", body: '{"rows":[{"size":1}]}' });
  expect(JSON.parse(readFileSync(join(folder, "out.json"), "utf8"))).toEqual(view);
  const again = await rightsize("predict", "exp_1", "rows.json", "--out", "out.json");
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("is there already; --force replaces it.")]);
});

test("predict says which file can't be read", async () => {
  const { status, stderr } = await rightsize("predict", "exp_1", "nowhere.csv");
  expect(status).toBe(2);
  expect(stderr).toMatch(/nowhere\.csv can't be read/);
});

test("export saves the bundle once, and replaces it only when told", async () => {
  const first = await rightsize("export", "exp_1", "--json");
  expect(JSON.parse(first.stdout)).toEqual({ file: join(folder, "rightsize-exp_1.zip"), sizeBytes: bundle.length, sha256: promised });
  expect(readFileSync(join(folder, "rightsize-exp_1.zip"))).toEqual(bundle);
  const second = await rightsize("export", "exp_1");
  expect([second.status, second.stderr]).toEqual([2, expect.stringContaining("is there already; --force replaces it.")]);
  expect((await rightsize("export", "exp_1", "--force")).status).toBe(0);
});

test("a report is saved as a page once, or printed as Markdown", async () => {
  const page = await rightsize("report", "exp_1");
  expect([page.status, page.stdout]).toEqual([0, `${join(folder, "rightsize-exp_1.html")}\n`]);
  expect(readFileSync(join(folder, "rightsize-exp_1.html"), "utf8")).toBe("as text/html\n");
  expect((await rightsize("report", "exp_1")).status).toBe(2);
  expect((await rightsize("report", "exp_1", "--format", "markdown")).stdout).toBe("as text/markdown\n");
});

test.each([
  ["predict", ["predict", "exp_1", "rows.csv", "--out", "taken"]],
  ["report", ["report", "exp_1", "--out", "taken"]],
  ["export", ["export", "exp_1", "--out", "taken"]],
])("%s leaves a file that came to be there meanwhile, unless told to replace it", async (_command, args) => {
  const taken = join(folder, "taken");
  writeFileSync(join(folder, "rows.csv"), "size\n1\n2\n");
  rmSync(taken, { force: true });
  meanwhile = () => writeFileSync(taken, "somebody else's");
  const { status, stderr } = await rightsize(...args);
  expect([status, stderr]).toEqual([1, expect.stringContaining(`${taken} is there by now and was left as it is: `)]);
  expect(readFileSync(taken, "utf8")).toBe("somebody else's");
  expect((await rightsize(...args, "--force")).status).toBe(0);
  expect(readFileSync(taken, "utf8")).not.toContain("somebody else's");
  expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
});

test("a link that is replaced stays one, and a folder that isn't there is said", async () => {
  writeFileSync(join(folder, "behind"), "old");
  symlinkSync(join(folder, "behind"), join(folder, "link"));
  expect((await rightsize("report", "exp_1", "--out", "link", "--force")).status).toBe(0);
  expect(readFileSync(join(folder, "behind"), "utf8")).toBe("as text/html\n");
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  const { status, stderr } = await rightsize("report", "exp_1", "--out", "nowhere/report.html");
  expect([status, stderr]).toEqual([1, expect.stringContaining("report.html can't be written: ")]);
});

test("a bundle that arrives damaged is not kept", async () => {
  etag = "0".repeat(64);
  const { status, stderr } = await rightsize("export", "exp_1", "--out", "model.zip");
  expect([status, stderr]).toEqual([1, expect.stringContaining("arrived damaged")]);
  expect(readdirSync(folder).filter((name) => name.startsWith("model.zip"))).toEqual([]);
});
