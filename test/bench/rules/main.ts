/**
 * Measures the search rules by honest replays: `npx tsx --conditions=source test/bench/rules/main.ts [--json] [--worlds 40]
 * [--only RULE]… [--set WORD] [--landscapes FOLDER]…`. Recorded landscapes are read from test/bench/landscapes and, where it is there,
 * ../shared/landscapes; the synthetic ones need no file. No network is trained.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Landscape, mean, recordedLandscape } from "./landscape.ts";
import { type Played, play, type Rule, regretOfRecords } from "./replay.ts";
import { shipped, variants } from "./rules.ts";
import { freshLandscapes, syntheticLandscapes } from "./synthetic.ts";

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    worlds: { type: "string", default: "40" },
    only: { type: "string", multiple: true },
    set: { type: "string" },
    landscapes: { type: "string", multiple: true },
  },
});

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Landscapes that the default's numbers were chosen on, those that were looked at meanwhile, and those they were checked on. */
const sets = (
  options.landscapes !== undefined
    ? [{ name: "Landscapes", landscapes: options.landscapes.flatMap(readFolder) }]
    : [
        { name: "Chosen on: ../shared/landscapes", landscapes: readFolder(here("../../../../shared/landscapes")) },
        { name: "Checked on: test/bench/landscapes", landscapes: readFolder(here("../landscapes")) },
        { name: "Looked at: formulas", landscapes: syntheticLandscapes },
        { name: "Checked on: fresh formulas", landscapes: freshLandscapes },
      ]
).filter(({ name }) => options.set === undefined || name.includes(options.set));
const worlds = Number(options.worlds);
const rules = [...shipped, ...variants].filter(({ name }) => options.only === undefined || options.only.includes(name));

function readFolder(folder: string): readonly Landscape[] {
  if (!existsSync(folder)) {
    console.error(`no landscapes at ${folder}: left out`);
    return [];
  }
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  return files.sort().map((file) => {
    const lines = readFileSync(join(folder, file), "utf8").trim().split("\n");
    return recordedLandscape(
      file.replace(/^land_|\.jsonl$/g, ""),
      lines.map((line) => JSON.parse(line)),
    );
  });
}

interface Row {
  readonly rule: string;
  readonly regret: number;
  readonly worstRegret: number;
  readonly cost: number;
  readonly fits: number;
  readonly agreement: number;
  readonly samePath: number;
  readonly falseWords: number;
  readonly words: number;
  /** No rule of this list has both less regret and less cost. */
  readonly frontier: boolean;
  readonly landscapes: readonly Played[];
}

function rowOf(rule: Rule, landscapes: readonly Landscape[]): Row {
  const played = landscapes.map((landscape) => play(rule, landscape, worlds));
  const average = (pick: (one: Played) => number) => mean(played.map(pick));
  return {
    rule: rule.name,
    regret: average(({ regret }) => regret),
    worstRegret: Math.max(...played.map(({ regret }) => regret)),
    cost: average(({ cost }) => cost),
    fits: average(({ fits }) => fits),
    agreement: average(({ agreement }) => agreement),
    samePath: average(({ samePath }) => samePath),
    falseWords: played.reduce((sum, { falseWords }) => sum + falseWords, 0),
    words: played.reduce((sum, { words }) => sum + words, 0),
    frontier: false,
    landscapes: played,
  };
}

function tableOf(landscapes: readonly Landscape[]): readonly Row[] {
  const rows = landscapes.length === 0 ? [] : rules.map((rule) => rowOf(rule, landscapes));
  return rows.map((row) => ({ ...row, frontier: !rows.some((other) => other.regret < row.regret && other.cost < row.cost) }));
}

function print(title: string, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const percent = (fraction: number, digits = 1) => (100 * fraction).toFixed(digits);
  console.log(`\n### ${title}\n`);
  console.log("| rule | regret % | worst % | cost of the grid | fits | two seeds agree % | same path % | false words | frontier |");
  console.log("|---|---:|---:|---:|---:|---:|---:|---:|---|");
  for (const row of rows)
    console.log(
      `| ${row.rule} | ${percent(row.regret, 2)} | ${percent(row.worstRegret)} | ${row.cost.toFixed(3)} | ${row.fits.toFixed(1)} | ${percent(row.agreement, 0)} | ${percent(row.samePath, 0)} | ${row.falseWords} of ${row.words} | ${row.frontier ? "yes" : ""} |`,
    );
}

/** Above this deviation of one fit, log scale, no rule could tell sizes apart with less than hundreds of fits each: told apart, not scored. */
const mostNoise = 0.25;

const tables = sets.map(({ name, landscapes }) => {
  const scored = landscapes.filter(({ noise }) => noise <= mostNoise);
  const known = scored.flatMap((landscape) => regretOfRecords(landscape, worlds) ?? []);
  return {
    name,
    landscapes: scored.map((landscape) => landscape.name),
    tooNoisy: landscapes.filter(({ noise }) => noise > mostNoise).map((landscape) => landscape.name),
    regretOfRecords: known.length === 0 ? null : mean(known),
    rows: tableOf(scored),
  };
});
if (options.json) console.log(JSON.stringify({ worlds, tables }));
else
  for (const { name, landscapes, tooNoisy, regretOfRecords: floor, rows } of tables) {
    print(`${name} (${landscapes.join(", ")})`, rows);
    if (tooNoisy.length > 0) console.log(`\nToo noisy to be scored: ${tooNoisy.join(", ")}.`);
    if (floor !== null) console.log(`\nAnswering with what all recorded fits together say is best: ${(100 * floor).toFixed(2)} % regret.`);
  }
