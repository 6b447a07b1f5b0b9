/**
 * `npm run bench:speculation [-- --json] [--rounds N]`: what idle workers save and cost through the whole service.
 * Scripted: a course search of 8 rungs whose runs all last 4 s (they sleep, so cores don't matter), on 1 worker and on 4, with speculation
 * off and on. Real: one table of ../shared/data with the preset `default` on two workers, off and on. Times are Postgres's own, from the
 * first claim to the end; the table must be the same each time.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ExperimentRequest, ExperimentView } from "@rightsize/contract";
import { type Api, apiAt, rowsOf, smallTable } from "../../support/api.ts";
import build from "../../support/build.ts";
import { startService } from "../../support/service.ts";
import { sharedFile } from "../../support/shared.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    real: { type: "string", default: "concrete" },
  },
});
const rounds = Number(values.rounds);
const targets: Readonly<Record<string, string>> = { concrete: "strength", hourly_wages: "wage_per_hour" };

interface Setting {
  readonly workers: number;
  readonly speculation: "on" | "off";
}
interface Played extends Setting {
  readonly wallSeconds: number;
  readonly fits: number;
  readonly use: NonNullable<ExperimentView["speculation"]>;
  readonly rows: readonly string[];
}

/** Each rung is better than the one before, up to 5 layers; 6 are worse, and the step back from there is the last one: 8 rungs. */
const rungs = [
  ...[100, 250].map((nodesPerLayer, rung) => ({ capacity: { hiddenLayers: 1, nodesPerLayer }, score: 9 - rung })),
  ...[2, 3, 4, 5].map((hiddenLayers) => ({ capacity: { hiddenLayers, nodesPerLayer: 250 }, score: 9 - hiddenLayers })),
  { capacity: { hiddenLayers: 6, nodesPerLayer: 250 }, score: 5 },
  { capacity: { hiddenLayers: 6, nodesPerLayer: 200 }, score: 4.5 },
];
const epochs = 20;
const epochMs = 200;

function scripted(dataset: string, round: number): ExperimentRequest {
  const script = {
    runs: [
      ...rungs.map((run) => ({ ...run, seed: null, epochs, epochMs })),
      // The baseline beside the answer is no part of the search.
      { capacity: { hiddenLayers: 0, nodesPerLayer: 0 }, seed: null, score: 10, epochs: 1, epochMs: 0 },
    ],
    // Played by what is refuted; the odd number of each round makes it a question of its own, so that nothing is reused.
    otherwise: { score: 20 + round / 1000, epochs, epochMs },
  };
  return { dataset, target: "y", search: { preset: "course" }, engine: { name: "scripted", script } };
}

async function onWorkers(
  engine: "scripted" | "onnx",
  { workers, speculation }: Setting,
  request: (api: Api, round: number) => Promise<ExperimentRequest>,
  times: number,
): Promise<readonly Played[]> {
  // A service of its own: nothing of another setting is there to be reused.
  const service = await startService({ engines: [engine], slots: 1, queue: "postgres", workers: 0 });
  try {
    for (let worker = 0; worker < workers; worker++) await service.startWorker({ RIGHTSIZE_SPECULATION: speculation });
    const api = apiAt(service.url);
    const played: Played[] = [];
    for (let round = 0; round < times; round++) {
      const { id } = await api.post(await request(api, round));
      const ended = await api.ended(id, 900_000);
      const table = await api.trials(id);
      played.push({
        workers,
        speculation,
        wallSeconds: (Date.parse(ended.endedAt ?? "") - Date.parse(ended.startedAt ?? "")) / 1000,
        fits: table.trials.reduce((sum, { runs }) => sum + runs.filter(({ purpose }) => purpose !== "finalise").length, 0),
        use: ended.speculation ?? { adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 },
        rows: rowsOf(table),
      });
    }
    return played;
  } finally {
    await service.close();
  }
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[(numbers.length - 1) >> 1] ?? Number.NaN;
const round3 = (number: number) => Number(number.toFixed(3));

function summary(name: string, played: readonly Played[]) {
  const [first] = played as [Played];
  const mean = (of: (one: Played) => number) => played.reduce((sum, one) => sum + of(one), 0) / played.length;
  const line = {
    name,
    workers: first.workers,
    speculation: first.speculation,
    rounds: played.length,
    fits: first.fits,
    wallSeconds: round3(median(played.map(({ wallSeconds }) => wallSeconds))),
    adoptedRuns: round3(mean(({ use }) => use.adoptedRuns)),
    unusedRuns: round3(mean(({ use }) => use.unusedRuns)),
    savedSlotSeconds: round3(mean(({ use }) => use.adoptedMs / 1000)),
    wastedSlotSeconds: round3(mean(({ use }) => use.unusedMs / 1000)),
  };
  console.log(
    `${name.padEnd(10)} ${line.workers} worker(s), ${line.speculation.padEnd(3)}: ${line.wallSeconds} s, ${line.fits} runs asked for, ` +
      `${line.adoptedRuns} of them begun early, ${line.unusedRuns} begun in vain (${line.wastedSlotSeconds} s of slots)`,
  );
  return line;
}

build();
const lines: ReturnType<typeof summary>[] = [];
const tables = new Map<string, Set<string>>();
async function measure(
  name: string,
  engine: "scripted" | "onnx",
  setting: Setting,
  request: Parameters<typeof onWorkers>[2],
  times: number,
) {
  const played = await onWorkers(engine, setting, request, times);
  tables.set(name, new Set([...(tables.get(name) ?? []), ...played.map(({ rows }) => rows.join("; "))]));
  lines.push(summary(name, played));
}

for (const setting of [
  { workers: 1, speculation: "on" },
  { workers: 4, speculation: "off" },
  { workers: 4, speculation: "on" },
] as const)
  await measure(
    "scripted",
    "scripted",
    setting,
    async (api, round) => scripted((await api.upload("s.csv", smallTable())).id, round),
    rounds,
  );

const file = sharedFile(`data/${values.real}/data.csv`);
if (existsSync(file))
  for (const speculation of ["off", "on"] as const)
    await measure(
      values.real,
      "onnx",
      { workers: 2, speculation },
      async (api) => {
        const dataset = (await api.upload(`${values.real}.csv`, readFileSync(file))).id;
        return { dataset, target: targets[values.real] ?? "y", search: { preset: "default" }, engine: { name: "onnx" } };
      },
      1,
    );
else console.log(`real: skipped, ../shared/data/${values.real} is not here`);

const wall = (name: string, workers: number, speculation: string) =>
  lines.find((line) => line.name === name && line.workers === workers && line.speculation === speculation)?.wallSeconds ?? Number.NaN;
const ratios = {
  "scripted: 4 workers / 1 worker": round3(wall("scripted", 4, "on") / wall("scripted", 1, "on")),
  "scripted: 4 workers without speculation / 1 worker": round3(wall("scripted", 4, "off") / wall("scripted", 1, "on")),
  [`${values.real}: on / off with 2 workers`]: round3(wall(values.real, 2, "on") / wall(values.real, 2, "off")),
};
const sameTables = [...tables.values()].every((different) => different.size === 1);
for (const [name, ratio] of Object.entries(ratios)) console.log(`${name}: ${ratio}`);
console.log(sameTables ? "the tables are the same each time" : "THE TABLES DIFFER");
if (values.json) console.log(JSON.stringify({ lines, ratios, sameTables }));
process.exit(sameTables ? 0 : 1);
