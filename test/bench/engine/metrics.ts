/**
 * What metrics beside the epochs' losses cost: CPU time of all epochs with them (each epoch, and as often as is the default) over without,
 * taking turns, the quickest round of each. `--json` prints a summary as its last line.
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
const turns = [0, 1, undefined] as const;

const engine = await createEngine("onnx");
const results: { name: string; epochMs: number; each: number; byDefault: number }[] = [];
for (const one of cases) {
  const job = jobOf(one);
  const rounds = new Map(turns.map((every) => [every, [] as number[]]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const every of turns) rounds.get(every)?.push(mean(await ourEpochs(engine, job, one.epochs, every)));
  }
  const [without, each, byDefault] = turns.map((every) => Math.min(...(rounds.get(every) ?? []))) as [number, number, number];
  const result = { name: one.name, epochMs: without * 1000, each: each / without, byDefault: byDefault / without };
  results.push(result);
  const text = `metrics each epoch ${result.each.toFixed(3)} times that, by default ${result.byDefault.toFixed(3)}`;
  console.log(`${one.name.padEnd(24)} ${result.epochMs.toFixed(2)} ms an epoch without; ${text}`);
}
await engine.close();
if (options.json) console.log(JSON.stringify({ results }));
