/**
 * `npm run bench:landscapes -- TABLE… [--seeds 10] [--rows 4000] [--into FOLDER] [--json]`: trains every cell of the grid with our own ONNX engine
 * and keeps its losses, one JSON line a cell, in TABLE.jsonl. Goes on where an earlier run stopped. One process, one thread.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Capacity, defaultRecipe, type NetworkSpec, resolveBatchSize } from "@rightsize/core";
import { createEngine, scoreRows, type TogetherRun, type TrainOutcome, trainRun, trainRuns } from "@rightsize/engine";
import { type PreparedTable, prepareTable } from "./prepare-table.ts";

const { values: options, positionals: tables } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "10" },
    rows: { type: "string", default: "4000" },
    into: { type: "string", default: import.meta.dirname },
    json: { type: "boolean", default: false },
  },
});

/** Cells are trained in rounds, so that a run that is cut short leaves a whole landscape of fewer seeds. */
const roundEnds = [3, 6, 10, 20, 50];
const cells: readonly Capacity[] = [1, 2, 3, 4].flatMap((hiddenLayers) =>
  [16, 32, 64, 128, 256, 512].map((nodesPerLayer) => ({ hiddenLayers, nodesPerLayer })),
);

/** One line: arrays have one number a replicate; replicate r has seed r and fold r modulo `folds`. */
interface Line {
  readonly layers: number;
  readonly nodes: number;
  /** Best validation loss: mean squared error on the standardised target, or mean log loss; null where it diverged. */
  readonly val: (number | null)[];
  /** Loss on the test rows with the best weights. */
  readonly test: (number | null)[];
  readonly epochs: number[];
  /** CPU seconds; runs that trained side by side share theirs evenly by epochs. */
  readonly cpu: number[];
  readonly capped: number[];
  /** CPU seconds of one epoch of a run that trains alone, as a search's runs do. */
  readonly cpuPerEpoch: number;
  readonly name: string;
  readonly task: string;
  readonly inputs: number;
  readonly ntr: number;
  readonly nva: number;
  readonly folds: number;
  readonly bs: number;
}

const engine = await createEngine("onnx");
const hooks = { onEpoch: () => {}, metricsEveryEpochs: 0, signal: new AbortController().signal, now: () => performance.now() };

for (const end of roundEnds.map((round) => Math.min(round, Number(options.seeds)))) {
  for (const name of tables) {
    const table = await prepareTable(name, Number(options.rows));
    const path = join(options.into, `${name}.jsonl`);
    const lines = new Map(readLines(path).map((line) => [`${line.layers}×${line.nodes}`, line]));
    const before = process.cpuUsage();
    for (const capacity of cells) {
      const key = `${capacity.hiddenLayers}×${capacity.nodesPerLayer}`;
      const line = lines.get(key) ?? (await freshLine(table, capacity));
      lines.set(key, line);
      const missing = Array.from({ length: Math.max(0, end - line.val.length) }, (_, index) => line.val.length + index);
      if (missing.length === 0) continue;
      await addFits(table, capacity, line, missing);
      const text = cells.flatMap((cell) => lines.get(`${cell.hiddenLayers}×${cell.nodesPerLayer}`) ?? []).map((one) => JSON.stringify(one));
      writeFileSync(`${path}.part`, `${text.join("\n")}\n`);
      renameSync(`${path}.part`, path);
    }
    const spent = cpuSeconds(before);
    if (spent > 1) console.log(`${new Date().toISOString()} ${name}: ${end} seeds a cell, ${spent.toFixed(0)} CPU seconds`);
  }
}
await engine.close();
if (options.json)
  console.log(JSON.stringify({ tables: tables.map((name) => ({ name, lines: readLines(join(options.into, `${name}.jsonl`)) })) }));

function readLines(path: string): Line[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

function cpuSeconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The job of one replicate under the default recipe; with `epochs` it trains so many, whatever its losses. */
function jobOf(table: PreparedTable, capacity: Capacity, replicate: number, epochs: number | null = null) {
  const fold = replicate % table.folds.length;
  const { tensors, rows, target } = table.foldAt(fold);
  const recipe = epochs === null ? defaultRecipe : { ...defaultRecipe, maxEpochs: epochs, patience: epochs };
  const network: NetworkSpec = { inputs: tensors.inputs, outputs: table.outputs, capacity, task: table.task, recipe, classWeights: null };
  return { network, tensors, rows, target, seed: replicate, learningRate: 0.001, recipe, checkpoint: null };
}

/** An empty line. The cost of an epoch is measured here, on a run alone of about 0.2 CPU seconds. */
async function freshLine(table: PreparedTable, capacity: Capacity): Promise<Line> {
  const alone = async (epochs: number) => {
    const before = process.cpuUsage();
    await trainRun(engine, jobOf(table, capacity, 0, epochs), hooks);
    return cpuSeconds(before);
  };
  await alone(2);
  const opening = await alone(1);
  const epochs = Math.max(3, Math.min(200, Math.round(0.2 / ((await alone(3)) / 3))));
  const cpuPerEpoch = Math.max(1e-5, ((await alone(1 + epochs)) - opening) / epochs);
  const { rows } = table.foldAt(0);
  return {
    layers: capacity.hiddenLayers,
    nodes: capacity.nodesPerLayer,
    val: [],
    test: [],
    epochs: [],
    cpu: [],
    capped: [],
    cpuPerEpoch,
    name: table.name,
    task: table.task,
    inputs: table.foldAt(0).tensors.inputs,
    ntr: rows.training.length,
    nva: rows.validation.length,
    folds: table.folds.length,
    bs: resolveBatchSize(defaultRecipe.batchSize, rows.training.length),
  };
}

/** Trains the missing replicates, those of one fold together, and adds them to the line in their order. */
async function addFits(table: PreparedTable, capacity: Capacity, line: Line, replicates: readonly number[]): Promise<void> {
  const ends = new Map<number, { outcome: TrainOutcome; cpu: number }>();
  for (const fold of table.folds) {
    const here = replicates.filter((replicate) => replicate % table.folds.length === fold);
    const runs: TogetherRun[] = here.map((replicate) => ({ job: jobOf(table, capacity, replicate), hooks }));
    const before = process.cpuUsage();
    const outcomes = await trainRuns(engine, runs);
    const spent = cpuSeconds(before);
    const epochs = outcomes.reduce((sum, outcome) => sum + epochsOf(outcome), 0);
    here.forEach((replicate, index) => {
      const outcome = outcomes[index] as TrainOutcome;
      ends.set(replicate, { outcome, cpu: (spent * epochsOf(outcome)) / epochs });
    });
  }
  for (const replicate of replicates) {
    const { outcome, cpu } = ends.get(replicate) as { outcome: TrainOutcome; cpu: number };
    if (outcome.kind === "stopped") throw new Error("nobody stops these runs");
    line.val.push(outcome.result.validationLoss);
    line.epochs.push(outcome.result.epochs);
    line.capped.push(outcome.result.capped ? 1 : 0);
    line.cpu.push(Number(cpu.toFixed(4)));
    line.test.push(await testLoss(table, capacity, replicate, outcome));
  }
}

function epochsOf(outcome: TrainOutcome): number {
  return outcome.kind === "stopped" ? 0 : outcome.result.epochs;
}

async function testLoss(table: PreparedTable, capacity: Capacity, replicate: number, outcome: TrainOutcome): Promise<number | null> {
  if (outcome.kind !== "completed") return null;
  const { network, tensors, target, rows } = jobOf(table, capacity, replicate);
  return (await scoreRows(engine, network, tensors, target, outcome.weights, rows.test)).loss;
}
