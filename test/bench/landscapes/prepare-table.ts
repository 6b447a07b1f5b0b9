/** A shared table made ready for training the way an upload is: read, planned, split and turned into tensors by packages/data. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultFeatures, permutation, type SplitSpec, type Task } from "@rightsize/core";
import { buildTensors, defaultDataLimits, type FoldTensors, openColumns, openPlan, planExperiment, readTable } from "@rightsize/data";
import { sharedFile } from "../../support/shared.ts";

export interface PreparedTable {
  readonly name: string;
  readonly task: Task;
  readonly outputs: number;
  /** 0, …, folds − 1. */
  readonly folds: readonly number[];
  readonly foldAt: (fold: number) => FoldTensors;
}

interface Source {
  readonly name: string;
  readonly task: Task;
  readonly target: string;
  readonly file: string;
  readonly drop: readonly string[];
}

const prepared = new Map<string, PreparedTable>();

/**
 * The table of that name in ../shared/data, cut to `rowLimit` rows drawn by seed 0. 20 % of the rows test; of the rest 30 %
 * validate, or five folds below 1,000 rows: what the API does where an experiment names no split.
 */
export async function prepareTable(name: string, rowLimit: number): Promise<PreparedTable> {
  const known = prepared.get(name);
  if (known !== undefined) return known;
  const sources = JSON.parse(readFileSync(sharedFile("data/datasets.json"), "utf8")) as readonly Source[];
  const source = sources.find((one) => one.name === name);
  if (source === undefined) throw new RangeError(`there is no table ${name}; there are ${sources.map((one) => one.name).join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "rightsize-landscape-"));
  try {
    const [header = "", ...rows] = readFileSync(sharedFile(join("data", name, source.file)), "utf8")
      .trimEnd()
      .split("\n");
    const kept = permutation(rows.length, 0, "sample", 0).subarray(0, rowLimit).sort();
    const path = join(folder, `${name}.csv`);
    writeFileSync(path, `${[header, ...Array.from(kept, (row) => rows[row] as string)].join("\n")}\n`);
    const outputPath = join(folder, "columns");
    await readTable(path, { name, outputPath, limits: defaultDataLimits, threads: 1 });
    const table = await openColumns(outputPath);
    const common = { testFraction: 0.2, stratify: false, seed: 0 } as const;
    const split: SplitSpec =
      table.rowCount < 1000 ? { kind: "folds", folds: 5, ...common } : { kind: "random", validationFraction: 0.3, ...common };
    const features = { ...defaultFeatures, exclude: source.drop };
    const { plan, bytes } = planExperiment(table, { target: source.target, task: source.task, features, split, seed: 0 });
    const file = openPlan(bytes);
    const folds = Array.from({ length: plan.folds }, (_, fold) => buildTensors(table, file, fold));
    const answer: PreparedTable = {
      name,
      task: source.task,
      outputs: plan.outputs,
      folds: folds.map((_, fold) => fold),
      foldAt: (fold) => folds[fold] as FoldTensors,
    };
    prepared.set(name, answer);
    return answer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
