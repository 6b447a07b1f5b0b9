/** What is measured: each case runs in a process of its own, so that its memory peak is its own. */
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import { defaultFeatures, defaultRecipe, type Engine } from "@rightsize/core";
import { buildTensors, defaultDataLimits, openColumns, openPlan, planExperiment, readTable } from "@rightsize/data";
import { createEngine } from "@rightsize/engine";
import { createFoldCache, type FoldCache } from "@rightsize/worker";

export interface Timing {
  readonly rows: number;
  /** Wall time of the named parts, in order. */
  readonly parts: readonly { readonly name: string; readonly wallMs: number; readonly cpuMs: number }[];
}

const cpuMs = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;

/** Times parts one after another. */
function stopwatch() {
  const parts: { name: string; wallMs: number; cpuMs: number }[] = [];
  let wall = performance.now();
  let cpu = cpuMs();
  return {
    parts,
    lap(name: string) {
      parts.push({ name, wallMs: performance.now() - wall, cpuMs: cpuMs() - cpu });
      wall = performance.now();
      cpu = cpuMs();
    },
    /** What was done since the last lap isn't measured. */
    skip() {
      wall = performance.now();
      cpu = cpuMs();
    },
  };
}

const readTo = (path: string, outputPath: string) => readTable(path, { name: path, outputPath, limits: defaultDataLimits });

/** Opens a network of one hidden layer on a prepared fold and trains one step. */
async function firstStep(engine: Engine, { fold }: Awaited<ReturnType<FoldCache>>, nodesPerLayer: number): Promise<void> {
  const { tensors, rows } = fold;
  const capacity = { hiddenLayers: 1, nodesPerLayer };
  const recipe = { ...defaultRecipe, loss: "mean_squared_error", batchSize: 128 } as const;
  const network = { inputs: tensors.inputs, outputs: 1, capacity, task: "regression", recipe, classWeights: null } as const;
  const session = await engine.open(network, tensors, { seed: 0 });
  await session.train([{ rows: rows.training.subarray(0, 128), learningRate: 0.001, step: 1 }]);
  await session.dispose();
}

export const flightsPath = () => join(createRequire(import.meta.url).resolve("vega-datasets"), "../../data/flights-3m.parquet");

export const cases = {
  /** A CSV file to profiled columns on disk. */
  async csv(path: string, outputPath: string): Promise<Timing> {
    const watch = stopwatch();
    const { rowCount } = await readTo(path, outputPath);
    watch.lap("csv to profiled columns");
    return { rows: rowCount, parts: watch.parts };
  },

  /** What a worker that has the columns does before its first step: on its first run of an experiment, and on every later one. */
  async start(path: string, outputPath: string): Promise<Timing> {
    await readTo(path, outputPath);
    const split = { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false } as const;
    const artifacts = createFolderArtifacts({ folder: `${outputPath}.artifacts` });
    const columns = await artifacts.put(createReadStream(outputPath));
    const engine = await createEngine("onnx");
    const watch = stopwatch();
    const table = await openColumns(await artifacts.localPath(columns.id));
    const { bytes } = planExperiment(table, { target: "c0", task: "regression", features: defaultFeatures, split, seed: 0 });
    watch.lap("plan");
    const plan = await artifacts.put(bytes);
    const cache = createFoldCache(artifacts, 2 ** 30);
    watch.skip();
    await firstStep(engine, await cache(columns.id, plan.id, 0), 8);
    watch.lap("first run: columns to tensors, and the first step");
    await firstStep(engine, await cache(columns.id, plan.id, 0), 16);
    watch.lap("a later run of another size: kept tensors to the first step");
    await firstStep(engine, await cache(columns.id, plan.id, 0), 16);
    watch.lap("a later run of the same size");
    await engine.close();
    return { rows: table.rowCount, parts: watch.parts };
  },

  /** flights-3m.parquet to ready tensors: read, plan (predict delay), build. */
  async flights(_path: string, outputPath: string): Promise<Timing> {
    const split = { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false } as const;
    const watch = stopwatch();
    const { rowCount } = await readTo(flightsPath(), outputPath);
    watch.lap("parquet to profiled columns");
    const table = await openColumns(outputPath);
    const { bytes } = planExperiment(table, { target: "delay", task: "regression", features: defaultFeatures, split, seed: 0 });
    watch.lap("plan");
    buildTensors(table, openPlan(bytes), 0);
    watch.lap("tensors");
    return { rows: rowCount, parts: watch.parts };
  },

  /** DuckDB alone on the same CSV file: its sniffer, its types, one sum a column. */
  async duckdb(path: string): Promise<Timing> {
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const watch = stopwatch();
    const source = `read_csv('${path.replaceAll("'", "''")}')`;
    const names = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)).getRowsJson().map((row) => String(row[0]));
    const sums = names.map((name) => `sum("${name}")`).join(", ");
    const [row] = (await connection.runAndReadAll(`SELECT count(*), ${sums} FROM ${source}`)).getRowsJson();
    watch.lap("DuckDB: read and sum");
    return { rows: Number(row?.[0]), parts: watch.parts };
  },
} as const;
export type CaseName = keyof typeof cases;
