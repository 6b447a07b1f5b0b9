/**
 * What metrics beside the epochs' losses cost, and looks at the layers: CPU time of all epochs with them (metrics each epoch, metrics as
 * often as is the default, looks as often as is the default) over without, taking turns, the quickest round of each. `--json` prints a
 * summary as its last line.
 */
import { parseArgs } from "node:util";
import { createEngine } from "@rightsize/engine";
import { type BenchCase, jobOf, ourEpochs } from "./cases.ts";

const { values: options } = parseArgs({ options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } } });

const shape = { features: 8, layers: 1, batch: 128, optimizer: "adam", epochs: 20 } as const;
/** The smallest networks, where metrics weigh most. */
const cases: readonly BenchCase[] = [
  ...[1, 2, 10].flatMap((outputs) => [
    { ...shape, outputs, nodes: 8, rows: 20_000, name: `8-8-${outputs}` },
    { ...shape, outputs, nodes: 64, rows: 20_000, name: `8-64-${outputs}` },
    { ...shape, outputs, nodes: 64, rows: 1000, batch: 32, name: `8-64-${outputs}, 1,000 rows` },
  ]),
  { ...shape, outputs: 1, layers: 0, nodes: 0, rows: 20_000, name: "linear" },
  { ...shape, outputs: 1, layers: 2, nodes: 250, rows: 20_000, epochs: 4, name: "8-250-250-1" },
];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const without = { metricsEveryEpochs: 0, layerDiagnostics: false };
const turns = {
  without,
  each: { ...without, metricsEveryEpochs: 1 },
  byDefault: { layerDiagnostics: false },
  looks: { metricsEveryEpochs: 0 },
} as const;
type Turn = keyof typeof turns;

const engine = await createEngine("onnx");
const results: { name: string; epochMs: number; each: number; byDefault: number; looks: number }[] = [];
for (const one of cases) {
  const job = jobOf(one);
  const best: Record<Turn, number> = { without: Infinity, each: Infinity, byDefault: Infinity, looks: Infinity };
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const turn of Object.keys(turns) as Turn[])
      best[turn] = Math.min(best[turn], mean(await ourEpochs(engine, job, one.epochs, turns[turn])));
  }
  const ratio = (turn: Turn) => best[turn] / best.without;
  const result = {
    name: one.name,
    epochMs: best.without * 1000,
    each: ratio("each"),
    byDefault: ratio("byDefault"),
    looks: ratio("looks"),
  };
  results.push(result);
  const text = `metrics each epoch ${result.each.toFixed(3)} times that, by default ${result.byDefault.toFixed(3)}, looks ${result.looks.toFixed(3)}`;
  console.log(`${one.name.padEnd(24)} ${result.epochMs.toFixed(2)} ms an epoch without; ${text}`);
}
await engine.close();
if (options.json) console.log(JSON.stringify({ results }));
