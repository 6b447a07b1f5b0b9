/**
 * `npm run bench:rates -- [TABLE…] [--optimizer adam|sgd] [--preset default|course] [--replicates 8] [--rows 4000] [--json]`: what the three
 * ways to a learning rate find and cost (concrete and hourly_wages of ../shared/data unless told). Every rate is trained once with a probe's
 * seed and once with a fit's, at three sizes; what a probe of n epochs would have chosen is read from the first n epochs of the first, exactly.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Capacity, capacityText, courseRecipe, defaultRecipe, type NetworkSpec, type Optimizer, type Recipe } from "@rightsize/core";
import { createEngine, type TogetherRun, trainRuns } from "@rightsize/engine";
import { sharedFile } from "../../support/shared.ts";
import { type PreparedTable, prepareTable } from "../landscapes/prepare-table.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    optimizer: { type: "string", default: "adam" },
    preset: { type: "string", default: "default" },
    replicates: { type: "string", default: "8" },
    rows: { type: "string", default: "4000" },
    json: { type: "boolean", default: false },
  },
});
if (!existsSync(sharedFile("data/datasets.json"))) {
  console.log("skipped: ../shared/data is not here");
  process.exit(0);
}

const sgd: Optimizer = { kind: "sgd", momentum: 0.9, nesterov: false };
const recipe: Recipe = {
  ...(options.preset === "course" ? courseRecipe : defaultRecipe),
  ...(options.optimizer === "sgd" ? { optimizer: sgd } : {}),
};
const rates = options.optimizer === "sgd" ? [0.001, 0.003, 0.01, 0.03, 0.1] : [0.0003, 0.001, 0.003, 0.01, 0.03];
/** What an experiment that names no rate trains with. */
const fixedRate = 0.001;
const lengths = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50].filter((length) => length <= recipe.maxEpochs);
const sizes: readonly Capacity[] = [
  { hiddenLayers: 1, nodesPerLayer: 64 },
  { hiddenLayers: 2, nodesPerLayer: 128 },
  { hiddenLayers: 3, nodesPerLayer: 32 },
];
const replicates = Array.from({ length: Number(options.replicates) }, (_, replicate) => replicate);
/** As in a search: the probes' seeds are no fit's. */
const probeSeeds = 1000;

/** One training, as a choice of rate sees it. `curve` is the validation loss of each epoch; `best` is null where it diverged. */
interface Trained {
  readonly rate: number;
  readonly curve: readonly number[];
  readonly best: number | null;
  readonly epochs: number;
}
/** All rates of one table, size and replicate. */
interface Case {
  readonly table: string;
  readonly size: string;
  readonly probes: readonly Trained[];
  readonly fits: readonly Trained[];
}
/** The rate that was fitted in the end, and the epochs of everything that was trained for it. */
interface Ended {
  readonly rate: number;
  readonly loss: number | null;
  readonly epochs: number;
}

const engine = await createEngine("onnx");

async function trainAll(table: PreparedTable, capacity: Capacity, seeds: readonly number[], folds: readonly number[]): Promise<Trained[]> {
  const curves: number[][] = [];
  const ended: Trained[] = [];
  for (const fold of new Set(folds)) {
    const { tensors, rows, target } = table.foldAt(fold);
    const network: NetworkSpec = { inputs: tensors.inputs, outputs: table.outputs, capacity, task: table.task, recipe, classWeights: null };
    const places = seeds.flatMap((seed, at) =>
      folds[at] === fold ? rates.map((rate, place) => ({ seed, rate, index: at * rates.length + place })) : [],
    );
    const runs = places.map(({ seed, rate, index }): TogetherRun => {
      const curve: number[] = [];
      curves[index] = curve;
      const job = { network, tensors, rows, target, seed, learningRate: rate, recipe, checkpoint: null };
      const onEpoch = ({ validationLoss }: { readonly validationLoss: number }) => void curve.push(validationLoss);
      return {
        job,
        hooks: {
          onEpoch,
          metricsEveryEpochs: 0,
          layerDiagnostics: false,
          signal: new AbortController().signal,
          now: () => performance.now(),
        },
      };
    });
    for (let from = 0; from < runs.length; from += 16) {
      const outcomes = await trainRuns(engine, runs.slice(from, from + 16));
      outcomes.forEach((outcome, at) => {
        const { rate, index } = places[from + at] as (typeof places)[number];
        if (outcome.kind === "stopped") throw new Error("nobody stops these runs");
        const best = outcome.kind === "completed" ? outcome.result.validationLoss : null;
        ended[index] = { rate, curve: curves[index] as number[], best, epochs: outcome.result.epochs };
      });
    }
  }
  return ended;
}

const cases: Case[] = [];
for (const name of positionals.length > 0 ? positionals : ["concrete", "hourly_wages"]) {
  const table = await prepareTable(name, Number(options.rows));
  for (const capacity of sizes) {
    const folds = replicates.map((replicate) => replicate % table.folds.length);
    const probeFolds = replicates.map((replicate) => (probeSeeds + replicate) % table.folds.length);
    const probes = await trainAll(
      table,
      capacity,
      replicates.map((replicate) => probeSeeds + replicate),
      probeFolds,
    );
    const fits = await trainAll(table, capacity, replicates, folds);
    const part = (of: readonly Trained[], replicate: number) => of.slice(replicate * rates.length, (replicate + 1) * rates.length);
    for (const replicate of replicates)
      cases.push({ table: name, size: capacityText(capacity), probes: part(probes, replicate), fits: part(fits, replicate) });
    console.error(`${new Date().toISOString()} ${name} ${capacityText(capacity)}`);
  }
}
await engine.close();

/** The rate with the least loss among probes of this many epochs, the first of equals; null where all diverged by then. */
function chosen(probes: readonly Trained[], length: number): number | null {
  let best: { readonly rate: number; readonly loss: number } | null = null;
  for (const { rate, curve, best: whole } of probes) {
    const diverged = curve.length < length && whole === null;
    const loss = diverged ? Number.POSITIVE_INFINITY : Math.min(...curve.slice(0, length));
    if (loss < (best?.loss ?? Number.POSITIVE_INFINITY)) best = { rate, loss };
  }
  return best?.rate ?? null;
}
function ended({ fits }: Case, rate: number | null, before: number): Ended {
  const fit = fits.find((one) => one.rate === rate);
  return { rate: rate ?? Number.NaN, loss: fit?.best ?? null, epochs: before + (fit?.epochs ?? 0) };
}
const spent = (probes: readonly Trained[], length: number) => probes.reduce((sum, { epochs }) => sum + Math.min(epochs, length), 0);

const ways: readonly { readonly name: string; readonly end: (one: Case) => Ended }[] = [
  { name: `fixed ${fixedRate}`, end: (one) => ended(one, fixedRate, 0) },
  { name: "sweep", end: (one) => ended(one, chosen(one.probes, Number.POSITIVE_INFINITY), spent(one.probes, Number.POSITIVE_INFINITY)) },
  ...lengths.map((length) => ({
    name: `probe, ${length}`,
    end: (one: Case) => ended(one, chosen(one.probes, length), spent(one.probes, length)),
  })),
  ...rates.filter((rate) => rate !== fixedRate).map((rate) => ({ name: `fixed ${rate}`, end: (one: Case) => ended(one, rate, 0) })),
];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));
const lines = ways.flatMap(({ name, end }) =>
  [...new Set(cases.map(({ table }) => table))].map((table) => {
    const own = cases.filter((one) => one.table === table);
    const ends = own.map((one) => ({ one: end(one), fixed: ended(one, fixedRate, 0) }));
    const ratios = ends.flatMap(({ one, fixed }) => (one.loss === null || fixed.loss === null ? [] : [Math.log(one.loss / fixed.loss)]));
    return {
      table,
      way: name,
      /** Mean log ratio of the validation loss to the fixed rate's: below 0 is better; with its standard error. */
      loss: Number(mean(ratios).toFixed(4)),
      error: Number((deviation(ratios) / Math.sqrt(ratios.length)).toFixed(4)),
      diverged: ends.filter(({ one }) => one.loss === null).length,
      /** Epochs of all that was trained, over those of the fixed rate's fits. */
      cost: Number(
        (ends.reduce((sum, { one }) => sum + one.epochs, 0) / ends.reduce((sum, { fixed }) => sum + fixed.epochs, 0)).toFixed(2),
      ),
      rates: Object.fromEntries(
        rates.map((rate) => [rate, ends.filter(({ one }) => one.rate === rate).length]).filter(([, count]) => count !== 0),
      ),
    };
  }),
);
console.table(lines.map(({ rates: chosenRates, ...line }) => ({ ...line, rates: JSON.stringify(chosenRates) })));
if (options.json)
  console.log(JSON.stringify({ preset: options.preset, optimizer: options.optimizer, replicates: replicates.length, rates, lines }));
