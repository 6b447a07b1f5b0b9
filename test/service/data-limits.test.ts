/** Every configurable limit on data through the real API: a problem that says which and how much, nothing left, and the service stays up. */
import { gzipSync } from "node:zlib";
import { problemSchema } from "@rightsize/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withPostgres } from "../support/postgres.ts";
import { type ApiProcess, startApiProcess } from "./api-process.ts";

const postgres = withPostgres();
let api: ApiProcess;
const startWith = (limits: Readonly<Record<string, string>>) => async () => {
  api = await startApiProcess(await postgres.newDatabase(), limits);
};
const upload = (bytes: string | Uint8Array, query = "") =>
  fetch(`${api.url}/v1/datasets?${query}`, { method: "POST", body: bytes as BodyInit });
const refused = async (response: Response) => {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return problemSchema.parse(await response.json());
};
const starts = async () => /^rightsize_data_process_starts (\d+)$/m.exec(await (await fetch(`${api.url}/metrics`)).text())?.[1];
const table = (rowCount: number, columnCount: number, cell = (row: number, column: number) => String((row * (column + 7)) % 1009)) =>
  Array.from({ length: rowCount + 1 }, (_, row) =>
    Array.from({ length: columnCount }, (_unused, column) => (row === 0 ? `c${column}` : cell(row, column))).join(","),
  ).join("\n");

describe("small limits", () => {
  beforeAll(
    startWith({
      RIGHTSIZE_UPLOAD_MB: "4",
      RIGHTSIZE_DATA_UNPACKED_MB: "20",
      RIGHTSIZE_DATA_UNPACK_RATIO: "20",
      RIGHTSIZE_DATA_ROWS: "30000",
      RIGHTSIZE_DATA_COLUMNS: "15",
      RIGHTSIZE_DATA_CELL_CHARACTERS: "40",
      RIGHTSIZE_DATA_CLASSES: "3",
      RIGHTSIZE_DATA_TENSORS_MB: "1",
    }),
  );
  afterAll(() => api?.remove());

  /** 23 MB that pack to about 1.4: fewer than 20 times. */
  const packable = () =>
    Buffer.concat([
      Buffer.from(Array.from({ length: 280_000 }, (_, index) => Math.imul(index, 0x9e3779b1) >>> 0).join("\n")),
      Buffer.from("\n1".repeat(10_000_000)),
    ]);
  test.each<[string, () => string | Uint8Array, number, RegExp]>([
    ["bytes", () => new Uint8Array(5 * 2 ** 20).fill(49), 413, /4194304 bytes/],
    ["rows", () => table(30_001, 2), 413, /at most 30000 rows/],
    ["columns", () => table(10, 16), 413, /at most 15/],
    [
      "characters of a cell",
      () => table(10, 2, (row, column) => (row === 4 && column === 1 ? "x".repeat(41) : `t${row}`)),
      413,
      /row 4.*at most 40/,
    ],
    ["times its packed size", () => gzipSync(table(1_600_000, 1, () => "1,".repeat(5))), 413, /at most 20 times/],
    ["unpacked bytes", () => gzipSync(packable()), 413, /at most 20971520/],
  ])("too many %s: refused, and nothing is left", async (_, bytes, status, says) => {
    const response = await upload(bytes());
    expect(response.status, await response.clone().text()).toBe(status);
    const problem = await refused(response);
    expect(problem.code).toBe("too_large");
    expect(problem.issues.map(({ where, required }) => `${where} ${required}`).join()).toMatch(says);
    expect(await api.files()).toEqual([]);
  });

  const ask = async (csv: string, target: string, task: string) => {
    const { id: dataset } = (await (await upload(csv)).json()) as { id: string };
    return fetch(`${api.url}/v1/experiments`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dataset, target, task }),
    });
  };
  test("too many classes", async () => {
    const response = await ask(
      table(100, 3, (row, column) => (column === 2 ? `k${row % 4}` : String((row * 7) % 31))),
      "c2",
      "classification",
    );
    expect(response.status).toBe(422);
    expect((await refused(response)).issues[0]).toMatchObject({ where: "/target", required: "at most 3 classes" });
  });

  test("too much memory for a run", async () => {
    const response = await ask(table(25_000, 14), "c0", "regression");
    expect(response.status).toBe(413);
    expect((await refused(response)).issues[0]).toMatchObject({
      where: "/features",
      required: expect.stringMatching(/at most 1048576 bytes/),
    });
  });

  test("at the limits a file is read, by the same process as all before", async () => {
    const response = await upload(table(30_000, 2));
    expect(response.status, await response.clone().text()).toBe(201);
    expect(await starts()).toBe("1");
  });

  test("a declared dialect is read as declared, and rows show it", async () => {
    const response = await upload("5;'a;b'\n1,5;c\n2,5;d\n", "header=false&delimiter=;&decimal=,&quote='");
    expect(response.status, await response.clone().text()).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const { columns, rows } = (await (await fetch(`${api.url}/v1/datasets/${id}/rows?offset=0&limit=2`)).json()) as Record<string, unknown>;
    expect({ columns, rows }).toEqual({
      columns: ["column_1", "column_2"],
      rows: [
        ["5", "a;b"],
        ["1.5", "c"],
      ],
    });
  });
});

describe("a small memory", () => {
  beforeAll(startWith({ RIGHTSIZE_DATA_MEMORY_MB: "256" }));
  afterAll(() => api?.remove());

  test("data that need more end the data process, not the service: a problem, and the next file is read", async () => {
    const large = table(1_000_000, 12, (row, column) => String(Math.imul(row + column, 0x9e3779b1) / 2 ** 20));
    const response = await upload(large);
    expect(response.status, await response.clone().text()).toBe(413);
    expect(await refused(response)).toMatchObject({ code: "too_large", detail: expect.stringMatching(/memory/) });
    expect(await api.files()).toEqual([]);
    const next = await upload(table(50, 3));
    expect(next.status, await next.clone().text()).toBe(201);
    expect(api.process.exitCode).toBeNull();
  });
});
