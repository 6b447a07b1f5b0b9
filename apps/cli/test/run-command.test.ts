/** `run` as a person types it, against a service that answers as the real one does: what is sent, what is saved, and what is refused first. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnswerView, DatasetView } from "@rightsize/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { decisionView, experimentView, trialTable } from "./views.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const tsx = fileURLToPath(import.meta.resolve("tsx"));
const bundle = Buffer.from("PK pretends to be a zip");
const sha256 = createHash("sha256").update(bundle).digest("hex");

const dataset: DatasetView = {
  ...{ id: "0".repeat(64), name: "cars.csv", format: "csv", sizeBytes: 8, rowCount: 2, columns: [], warnings: [] },
  ...{ suggestedTarget: "mpg", suggestedTask: "regression", createdAt: "2026-01-01T00:00:00.000Z" },
};
const scores = { loss: 0.1, metrics: { rootMeanSquaredError: 2 } };
const answer: AnswerView = {
  ...{ trial: 5, capacity: { hiddenLayers: 3, nodesPerLayer: 200 }, validation: scores, test: scores },
  ...{ delivered: { kind: "single", members: [] }, single: null, baselines: [], beatsMean: true },
  ...{ modelArtifact: sha256, sentence: "3×200 is the best size." },
};

let server: Server;
let folder: string;
let asked: string[] = [];
let ended = answer;
/** A file that somebody else makes while the experiment runs. */
let meanwhile: string | null = null;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-cli-run-"));
  server = createServer((request, response) => {
    const path = (request.url ?? "").split("?")[0];
    asked.push(`${request.method} ${request.url}`);
    request.resume();
    const json = (body: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    if (path === "/v1/datasets") return json(dataset);
    if (path === "/v1/experiments/exp_1/trials" && meanwhile !== null) writeFileSync(join(folder, meanwhile), "theirs");
    if (path === "/v1/experiments/exp_1/model") return response.setHeader("etag", `"${sha256}"`).end(bundle);
    if (path === "/v1/experiments/exp_1/trials") return json(trialTable());
    if (path === "/v1/experiments/exp_1/decisions") return json({ experimentId: "exp_1", decisions: [decisionView(1)] });
    // All has been told of an experiment that is over.
    if (path === "/v1/experiments/exp_1/events") return response.writeHead(204).end();
    return json(experimentView({ answer: ended, endedAt: "2026-01-01T00:00:01.000Z" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
beforeEach(() => {
  asked = [];
  ended = answer;
  meanwhile = null;
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  writeFileSync(join(folder, "cars.csv.gz"), "a;mpg\n1;2\n");
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(...args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const env = { ...process.env, RIGHTSIZE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, ["--conditions=source", "--import", tsx, main, "run", "cars.csv.gz", ...args], {
    env,
    cwd: folder,
  });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => (said[stream] += text));
  return new Promise((resolve) => child.once("close", (status) => resolve({ status, ...said })));
}
const zips = () => readdirSync(folder).filter((name) => name.endsWith(".zip"));

test("the model is saved beside the table's name, and a second one beside the first", async () => {
  const first = await run();
  expect([first.status, first.stdout]).toEqual([0, expect.stringMatching(/^The model: .*cars-model\.zip \(1 kB\)/m)]);
  expect(readFileSync(join(folder, "cars-model.zip"))).toEqual(bundle);
  writeFileSync(join(folder, "cars-model.zip"), "mine");
  const second = await run("--json");
  expect(JSON.parse(second.stdout.trimEnd().split("\n").at(-1) ?? "")).toEqual({
    ...{ kind: "model", file: join(folder, "cars-model-2.zip"), sizeBytes: bundle.length, sha256 },
  });
  expect(readFileSync(join(folder, "cars-model.zip"), "utf8")).toBe("mine");
});

test("a file that --out names is replaced only when told, and that is said before anything is sent", async () => {
  writeFileSync(join(folder, "mine.zip"), "mine");
  const refused = await run("--out", "mine.zip");
  expect([refused.status, refused.stderr, asked]).toEqual([
    2,
    expect.stringContaining("mine.zip is there already; --force replaces it."),
    [],
  ]);
  expect((await run("--out", "mine.zip", "--force")).status).toBe(0);
  expect(readFileSync(join(folder, "mine.zip"))).toEqual(bundle);
});

test("a file that came to be there while the experiment ran is left as it is", async () => {
  meanwhile = "mine.zip";
  const { status, stderr } = await run("--out", "mine.zip");
  expect([status, stderr]).toEqual([1, expect.stringContaining("mine.zip is there by now and was left as it is: rightsize export exp_1")]);
  expect([readFileSync(join(folder, "mine.zip"), "utf8"), zips(), readdirSync(folder).length]).toEqual(["theirs", ["mine.zip"], 2]);
  expect((await run("--out", "mine.zip", "--force")).status).toBe(0);
  expect(readFileSync(join(folder, "mine.zip"))).toEqual(bundle);
});

test("no model is saved where none is wanted, or where there is none", async () => {
  expect((await run("--no-model")).status).toBe(0);
  expect((await run("--detach")).stdout).toBe("exp_1\n");
  ended = { ...answer, modelArtifact: null };
  expect((await run()).stderr).toContain("There is no model to save.");
  expect(zips()).toEqual([]);
});

test("how the file is written goes with it", async () => {
  await run("--detach", "--delimiter", "semicolon", "--decimal", ",", "--quote", "'", "--no-header");
  const { pathname, searchParams } = new URL(asked[0]?.split(" ")[1] ?? "", "http://service");
  expect([pathname, Object.fromEntries(searchParams)]).toEqual([
    "/v1/datasets",
    { name: "cars.csv.gz", header: "false", delimiter: "semicolon", decimal: ",", quote: "'" },
  ]);
});

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [["--header", "--no-header"], /--header and --no-header say opposite things/],
  [["--decimal", "comma"], /--decimal is "comma": it takes \. or ,/],
  [["--delimiter", "ab"], /--delimiter is "ab": it takes tab, comma, semicolon, bar, space or one character/],
  [["--delimiter", "comma", "--decimal", ","], /--decimal is ",": it takes another character than the delimiter/],
  [["--dry-run", "--out", "a.zip"], /--out says where to save the model, and --dry-run that it isn't saved/],
  [["--no-model", "--out", "a.zip"], /--out says where to save the model, and --no-model that it isn't saved/],
];
test.concurrent.each(wrong)("what can't be meant is refused before anything is sent: %j", async (args, message) => {
  const { status, stderr, stdout } = await run(...args);
  expect(stderr).toMatch(message);
  expect([status, stdout]).toEqual([2, ""]);
});
