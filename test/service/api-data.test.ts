/** Bad data against the real API with the real readers and Postgres: 4xx that names row and column, and nothing half-created. */
import { datasetViewSchema, problemSchema } from "@rightsize/contract";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { type ApiProcess, startApiProcess } from "./api-process.ts";

const postgres = withPostgres();
let api: ApiProcess;
beforeAll(async () => {
  api = await startApiProcess(await postgres.newDatabase(), { RIGHTSIZE_ENGINES: "onnx,scripted", RIGHTSIZE_UPLOAD_MB: "8" });
});
afterAll(() => api?.remove());

const upload = (bytes: string | Uint8Array, name = "table.csv") =>
  fetch(`${api.url}/v1/datasets?name=${encodeURIComponent(name)}`, { method: "POST", body: bytes as BodyInit });
const post = (request: object) =>
  fetch(`${api.url}/v1/experiments`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(request) });
const list = async (what: string) => ((await (await fetch(`${api.url}/v1/${what}`)).json()) as { items: { id: string }[] }).items;
const problemOf = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
};

const rows = (count: number, row: (index: number) => string) => Array.from({ length: count }, (_, index) => row(index)).join("\n");
const good = `size,colour,price\n${rows(50, (index) => `${(index * 7) % 23},${index % 2 ? "red" : "blue"},${index * 3 + 1}`)}\n`;

describe("files that are no table", () => {
  test.each<[string, string | Uint8Array, string, RegExp]>([
    ["an empty file", "", "empty.csv", /empty/i],
    ["a header alone", "a,b,c\n", "header.csv", /row/i],
    ["a ragged row", `a,b,c\n${rows(5, () => "1,2,3")}\n1,2\n${rows(5, () => "1,2,3")}\n`, "ragged.csv", /row 6/i],
    [
      "text in a column of numbers",
      `size,price\n${rows(30, (row) => `${row % 7},${row === 6 ? "cheap" : row}`)}\n`,
      "text.csv",
      /row 7.*price.*"cheap"/,
    ],
    ["a binary file", Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) % 256), "photo.csv", /./],
    ["an image", Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new Array(500).fill(0)]), "photo.png", /./],
    ["broken JSON", '[{"a": 1}, {"a": ', "broken.json", /./],
    ["a broken Parquet file", "PAR1 and then nothing of the kind", "broken.parquet", /./],
  ])("%s is refused and leaves nothing", async (_what, bytes, name, says) => {
    const response = await upload(bytes, name);
    expect(response.status, await response.clone().text()).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    const problem = await problemOf(response);
    expect(`${problem.detail} ${problem.issues.map((issue) => `${issue.where} ${issue.received}`).join(" ")}`).toMatch(says);
    expect(await list("datasets")).toEqual([]);
    expect(await api.files()).toEqual([]);
  });

  test("a file larger than allowed is refused before it is read", async () => {
    const response = await upload(new Uint8Array(9 * 2 ** 20));
    expect(response.status).toBe(413);
    expect(await api.files()).toEqual([]);
  });
});

test("200 files of nonsense: each is a dataset or a problem, never a 5xx", async () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("1", "-2.5", "NaN", "inf", "1e999", "", '"', '""', '"a,b"', "2024-01-01", "\u0000", "\n", "\r", "é"),
  );
  const table = fc
    .tuple(
      fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 8 }),
      fc.constantFrom(",", ";", "\t", "|"),
      fc.constantFrom("\n", "\r\n"),
    )
    .map(([lines, comma, end]) => Buffer.from(lines.map((line) => line.join(comma)).join(end)));
  const file = fc.oneof(
    table,
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(file, fc.constantFrom("a.csv", "b.json", "c", "d.parquet", "e.csv.gz", "f.tsv"), async (bytes, name) => {
      const response = await upload(bytes, name);
      const told = `${response.status} ${await response.clone().text()} to ${name} ${bytes.toString("base64")}`;
      expect(response.status, told).toBeLessThan(500);
      if (response.status >= 400) await problemOf(response);
      else datasetViewSchema.parse(await response.json());
    }),
    { numRuns: 200 },
  );
});

describe("questions that the data can't answer", () => {
  const ask = async (csv: string, request: object) => {
    const uploaded = await upload(csv);
    expect([200, 201], await uploaded.clone().text()).toContain(uploaded.status);
    const { id: dataset } = (await uploaded.json()) as { id: string };
    const response = await post({ dataset, engine: { name: "scripted" }, ...request });
    return { status: response.status, problem: await problemOf(response) };
  };
  const where = (problem: { detail: string; issues: readonly { where: string; received: string }[] }) =>
    `${problem.detail} ${problem.issues.map((issue) => `${issue.where} ${issue.received}`).join(" ")}`;

  test("a target of text can't be a number to predict", async () => {
    const csv = `size,price\n${rows(30, (index) => `${(index * 7) % 23},${["cheap", "dear"][index % 2]}`)}\n`;
    const { status, problem } = await ask(csv, { target: "price", task: "regression" });
    expect(status).toBe(422);
    expect(where(problem)).toMatch(/price/);
  });

  test("no rows left after dropping gaps in the target", async () => {
    const { status, problem } = await ask(`size,price\n${rows(30, (index) => `${index},`)}\n`, { target: "price", task: "regression" });
    expect(status).toBe(422);
    expect(where(problem)).toMatch(/price/);
  });

  test.each<[string, object, RegExp]>([
    ["an unknown target", { target: "prize" }, /prize/],
    ["no target", {}, /target/],
    ["an unknown column to include", { target: "price", features: { include: ["sice"] } }, /sice/],
    ["a row number that isn't there", { target: "price", split: { kind: "rows", training: [0, 1, 2], validation: [999] } }, /999/],
    ["a row in two parts", { target: "price", split: { kind: "rows", training: [0, 1, 2], validation: [2] } }, /2/],
    ["an unknown group column", { target: "price", split: { kind: "group", column: "shop" } }, /shop/],
  ])("%s", async (_what, request, says) => {
    const { status, problem } = await ask(good, request);
    expect(status).toBe(422);
    expect(where(problem)).toMatch(says);
  });

  test("none of them made an experiment", async () => {
    expect(await list("experiments")).toEqual([]);
  });
});

test("good data become an experiment with a plan, and the service is still the same process", async () => {
  const { id: dataset } = (await (await upload(good)).json()) as { id: string };
  const response = await post({ dataset, target: "price", engine: { name: "scripted" } });
  expect(response.status, await response.clone().text()).toBe(201);
  const view = (await response.json()) as { id: string; plan: { trainingRows: number; featureColumns: string[] } };
  // Five folds of the forty rows that are no test rows.
  expect(view.plan.trainingRows).toBe(32);
  expect(view.plan.featureColumns).toEqual(["size", "colour"]);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  expect(metrics).toMatch(/^rightsize_data_process_starts 1$/m);
  expect(api.process.exitCode).toBeNull();
});
