/** Small helpers for data's tests: a folder that goes away, files from text, plans with defaults. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultFeatures, type FeatureSpec, RightsizeError, type SplitSpec, type Task } from "@rightsize/core";
import {
  type ColumnTable,
  type DataLimits,
  defaultDataLimits,
  openColumns,
  planExperiment,
  type ReadTableOptions,
  readTable,
} from "@rightsize/data";
import { afterAll } from "vitest";

/** A temporary folder of the test file, removed when its tests have ended. */
export const folder = mkdtempSync(join(tmpdir(), "rightsize-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A new file with that content. */
export function fileOf(content: string | Uint8Array, name = "table.csv"): string {
  const path = join(folder, `${++count}-${name}`);
  writeFileSync(path, content);
  return path;
}

export const readOptions = (limits: Partial<DataLimits> = {}): ReadTableOptions => ({
  name: "table",
  outputPath: join(folder, `${++count}.columns`),
  limits: { ...defaultDataLimits, ...limits },
});

/** Reads a file and opens what was written. */
export async function readAndOpen(path: string, options: Partial<ReadTableOptions> = {}) {
  const all = { ...readOptions(), ...options };
  const reading = await readTable(path, all);
  return { reading, table: await openColumns(all.outputPath), outputPath: all.outputPath };
}

/** The table that a text is. */
export const tableFrom = async (text: string): Promise<ColumnTable> => (await readAndOpen(fileOf(text))).table;

export const randomSplit: SplitSpec = { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false };

export function planOf(
  table: ColumnTable,
  target: string,
  task: Task,
  options: { readonly split?: SplitSpec; readonly features?: Partial<FeatureSpec> } = {},
) {
  const features = { ...defaultFeatures, ...options.features };
  return planExperiment(table, { target, task, features, split: options.split ?? randomSplit, seed: 1 });
}

/** The RightsizeError that something throws. */
export async function errorOf(act: () => unknown): Promise<RightsizeError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof RightsizeError) return error;
    throw error;
  }
  throw new Error("it was expected to throw");
}

/** The folder of real tables of the npm package vega-datasets. */
export const vegaFolder = join(createRequire(import.meta.url).resolve("vega-datasets"), "../../data");
