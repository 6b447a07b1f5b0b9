/**
 * `npm run bench:estimate [-- --json] [--preset default] [--slots 1]`: what dry runs said beside what happened, on three real tables
 * of ../shared/data (skipped, with exit code 0, where it isn't there). Each table is estimated, searched, and estimated again from what was learned.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { DecisionList, EstimateRange, ExperimentEstimate, ExperimentView, TrialTable } from "@rightsize/contract";
import type { Evidence } from "@rightsize/core";
import { apiAt } from "../../support/api.ts";
import build from "../../support/build.ts";
import { startService } from "../../support/service.ts";
import { sharedFile } from "../../support/shared.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    preset: { type: "string", default: "default" },
    slots: { type: "string", default: "1" },
  },
});

/** `rows` cuts a table after so many. */
const tables = [
  { name: "hourly_wages", target: "wage_per_hour", rows: null },
  { name: "concrete", target: null, rows: null },
  { name: "california", target: null, rows: 1500 },
] as const;

const folder = sharedFile("data");
if (!existsSync(folder)) {
  console.log("skipped: ../shared/data is not here");
  process.exit(0);
}
const listed = JSON.parse(readFileSync(`${folder}/datasets.json`, "utf8")) as { readonly name: string; readonly target: string }[];

interface Line {
  readonly table: string;
  readonly estimate: "first" | "learned";
  readonly what: string;
  readonly low: number;
  readonly expected: number;
  readonly high: number;
  readonly happened: number;
  /** Above 1: more than was expected. */
  readonly factor: number;
  readonly within: boolean;
}

function linesOf(
  table: string,
  estimate: Line["estimate"],
  said: ExperimentEstimate,
  happened: Readonly<Record<string, number>>,
): readonly Line[] {
  const ranges: Readonly<Record<string, EstimateRange>> = {
    trials: said.trials,
    runs: said.runs,
    cpuSeconds: said.cpuSeconds,
    wallSeconds: said.wallSeconds,
    detectableGap: said.detectableGap.runs,
  };
  return Object.entries(ranges).map(([what, { low, expected, high }]) => {
    const value = happened[what] ?? Number.NaN;
    return { table, estimate, what, low, expected, high, happened: value, factor: value / expected, within: value >= low && value <= high };
  });
}

/** The least gap of the last decision's comparisons with a word, as an estimate means it. */
function lastGap({ decisions }: DecisionList): number {
  const evidence = decisions.at(-1)?.decision.evidence as Evidence | undefined;
  const worded = ["better", "worse", "tie", "undecided"];
  const all = evidence?.comparisons ?? [];
  const judged = all.filter(({ verdict }) => verdict !== null && worded.includes(verdict));
  return Math.min(...(judged.length > 0 ? judged : all).flatMap(({ detectableGap }) => detectableGap ?? []));
}

function shortened({ low, expected, high, happened, factor, ...line }: Line) {
  const short = (value: number) => Number(value.toPrecision(3));
  return { ...line, low: short(low), expected: short(expected), high: short(high), happened: short(happened), factor: short(factor) };
}

build();
const service = await startService({ engines: ["onnx"], slots: Number(options.slots), queue: "postgres" });
const lines: Line[] = [];
try {
  const api = apiAt(service.url);
  const get = async <Answer>(path: string) => (await (await api.raw(path)).json()) as Answer;
  for (const { name, target, rows } of tables) {
    const text = readFileSync(`${folder}/${name}/data.csv`, "utf8");
    const cut =
      rows === null
        ? text
        : text
            .split("\n")
            .slice(0, rows + 1)
            .join("\n");
    const { id: dataset } = await api.upload(`${name}.csv`, Buffer.from(cut));
    const question = {
      dataset,
      target: target ?? listed.find((one) => one.name === name)?.target ?? "",
      search: { preset: options.preset },
    };
    const estimated = async () => {
      const response = await api.raw("/v1/experiments?dryRun=true", {
        method: "POST",
        body: JSON.stringify(question),
        headers: { "content-type": "application/json" },
      });
      return (await response.json()) as ExperimentEstimate;
    };
    const first = await estimated();
    const { id } = await api.post(question);
    await api.ended(id, 1_800_000);
    const experiment = await get<ExperimentView>(`/v1/experiments/${id}`);
    const { trials } = await get<TrialTable>(`/v1/experiments/${id}/trials`);
    const runs = trials.flatMap((trial) => trial.runs);
    const happened = {
      trials: trials.length,
      runs: runs.filter(({ purpose }) => purpose !== "finalise").length,
      cpuSeconds: runs.reduce((sum, { trainMs }) => sum + (trainMs ?? 0), 0) / 1000,
      wallSeconds: (Date.parse(experiment.endedAt ?? "") - Date.parse(experiment.startedAt ?? "")) / 1000,
      detectableGap: lastGap(await get<DecisionList>(`/v1/experiments/${id}/decisions`)),
    };
    const learned = await estimated();
    const told = [...linesOf(name, "first", first, happened), ...linesOf(name, "learned", learned, happened)];
    lines.push(...told);
    // Told table by table: a search may take minutes.
    console.table(told.map(shortened));
    console.log(`Before: ${first.sentence}\nAfter: ${learned.sentence} ${learned.sources.speed.sentence}`);
  }
} finally {
  await service.close();
}
if (options.json) console.log(JSON.stringify({ preset: options.preset, slots: Number(options.slots), lines }));
process.exit(0);
