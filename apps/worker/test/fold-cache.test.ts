/** Prepared tables are kept while there is room, the last one always. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import { type ArtifactStore, defaultFeatures, type Sha256 } from "@rightsize/core";
import { defaultDataLimits, openColumns, planExperiment, readTable } from "@rightsize/data";
import { createFoldCache } from "@rightsize/worker";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "rightsize-worker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three rows of float32 features and targets, row numbers, and a role: what one of the table's folds takes, in bytes. */
const foldBytes = 30 * (2 * 4 + 4 + 4 + 1);
let artifacts: ArtifactStore;
let columns: Sha256;
let plan: Sha256;
let prepared = 0;

beforeAll(async () => {
  const path = join(folder, "table.csv");
  await writeFile(path, `a,b,y\n${Array.from({ length: 30 }, (_, row) => `${(row * 7) % 11},${(row * 5) % 13},${row}`).join("\n")}\n`);
  await readTable(path, { name: "table", outputPath: join(folder, "columns"), limits: defaultDataLimits });
  const store = createFolderArtifacts({ folder: join(folder, "artifacts") });
  artifacts = {
    ...store,
    put: (source, options) => store.put(source, options),
    localPath: (id) => {
      prepared++;
      return store.localPath(id);
    },
  };
  columns = (await store.put(await readFile(join(folder, "columns")))).id;
  const split = { kind: "folds", folds: 5, testFraction: 0, seed: 0, stratify: false } as const;
  const question = { target: "y", task: "regression", features: defaultFeatures, split, seed: 0 } as const;
  plan = (await store.put(planExperiment(await openColumns(join(folder, "columns")), question).bytes)).id;
});

/** Asks for folds one after another and says which had to be prepared. */
async function preparing(keptBytes: number, folds: readonly number[]): Promise<readonly number[]> {
  const cache = createFoldCache(artifacts, keptBytes);
  const fresh: number[] = [];
  for (const fold of folds) {
    const before = prepared;
    await cache(columns, plan, fold);
    if (prepared > before) fresh.push(fold);
  }
  return fresh;
}

it.each([
  ["all, where all fit", 5 * foldBytes, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], [0, 1, 2, 3, 4]],
  ["those used last, where two fit", 2 * foldBytes, [0, 1, 0, 2, 0, 1], [0, 1, 2, 1]],
  ["one byte too few for two is one", 2 * foldBytes - 1, [0, 1, 1, 0], [0, 1, 0]],
  ["the last one, even where nothing fits", 0, [3, 3, 4, 4, 3], [3, 4, 3]],
])("keeps %s", async (_, keptBytes, asked, fresh) => {
  expect(await preparing(keptBytes, asked)).toEqual(fresh);
});

it("asked twice at once, a fold is prepared once", async () => {
  const cache = createFoldCache(artifacts, 0);
  const before = prepared;
  const [first, second] = await Promise.all([cache(columns, plan, 0), cache(columns, plan, 0)]);
  expect(first).toBe(second);
  expect(prepared).toBe(before + 1);
});

it("what can't be prepared is tried again when asked again", async () => {
  const cache = createFoldCache(artifacts, 2 * foldBytes);
  const missing = "0".repeat(64) as Sha256;
  await expect(cache(missing, plan, 0)).rejects.toMatchObject({ code: "artifact_missing" });
  const before = prepared;
  await expect(cache(missing, plan, 0)).rejects.toMatchObject({ code: "artifact_missing" });
  expect(prepared).toBe(before + 1);
});
