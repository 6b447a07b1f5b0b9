/** The client's examples as their readers run them, against the real service. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startService, type TestService } from "../support/service.ts";

const examples = fileURLToPath(new URL("../../packages/client/examples/", import.meta.url));
const tsx = fileURLToPath(import.meta.resolve("tsx"));

let service: TestService;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-examples-"));
  service = await startService({ engines: ["onnx"], slots: 1, queue: "postgres" });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await service?.close();
});

async function run(example: string, ...args: readonly string[]): Promise<string> {
  const command = ["--conditions=source", "--import", tsx, join(examples, example), ...args];
  return (await promisify(execFile)(process.execPath, command, { cwd: folder })).stdout;
}

test("from a table to a model, then its events again, then a question that can't be asked", async () => {
  const rows = Array.from({ length: 120 }, (_, row) => `${row % 7},${(row * 13) % 11},${(row % 7) + 2 * ((row * 13) % 11)}.5`);
  writeFileSync(join(folder, "table.csv"), ["a,b,y", ...rows].join("\n"));
  const said = await run("find-the-right-size.ts", service.url, "table.csv", "y");
  expect(said).toMatch(/^table\.csv: 120 rows, 3 columns$/m);
  expect(said).toMatch(/^\| 1 \| 100 \| [\d.]+ \| Increase capacity \|$/m);
  expect(said).toMatch(/^y of the first rows: \[( ?-?[\d.]+,?){3} \]$/m);
  expect(readFileSync(join(folder, "model.zip")).subarray(0, 2).toString()).toBe("PK");

  const { items } = (await (await fetch(`${service.url}/v1/experiments`)).json()) as {
    items: { id: string; dataset: string; eventCount: number }[];
  };
  const [{ id, dataset, eventCount } = { id: "", dataset: "", eventCount: 0 }] = items;
  const events = (await run("follow-events.ts", service.url, id, "2")).trimEnd().split("\n");
  expect(events.map((line) => line.split(" ")[0])).toEqual([
    ...Array.from({ length: eventCount - 2 }, (_, at) => String(at + 3)),
    "nothing",
  ]);

  const refused = await run("what-is-wrong.ts", service.url, dataset, "why");
  expect(refused).toMatch(/^422 \w+\n\/target: why → one of the dataset's columns: a, b, y/);
  expect(await run("what-is-wrong.ts", "http://127.0.0.1:9", dataset, "y")).toBe("start the service first: http://127.0.0.1:9\n");
});

test("there is no example that isn't run here", () => {
  expect(readdirSync(examples).sort()).toEqual(["find-the-right-size.ts", "follow-events.ts", "what-is-wrong.ts"]);
});
