/**
 * `npm run bench:peers [-- --json] [--tables a,b] [--splits 5] [--summary]`: our default search beside what a user would pick instead, on
 * the same rows and in the same space, with the CPU seconds that ours took and, apart, with as many fits. Goes on where it was stopped.
 */
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { apiAt } from "../../support/api.ts";
import build from "../../support/build.ts";
import { startService } from "../../support/service.ts";
import { sharedFile } from "../../support/shared.ts";
import { askOurs, type SplitRows } from "./ours.ts";
import { isOurs, type OurRecord, type PeerRecord, type RivalRecord } from "./records.ts";
import { type Comparison, comparisons, gainOfChoosing } from "./summary.ts";

/** Rows at most, drawn before the split: the budget of the whole bench is what decides. */
const maxRows = 1200;
const recipe = { patience: 20, maxEpochs: 400 };
const methods = [
  "fixed_1x100",
  "fixed_3x256",
  "restarts_2x128",
  "random",
  "tpe",
  "tpe_median",
  "tpe_hyperband",
  "sklearn_mlp_grid",
  "sklearn_mlp_default",
  "gradient_boosting",
  "random_forest",
  "linear",
];

const option = (name: string) => process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
const tables = (option("tables") ?? "diabetes,concrete,kin8nm,titanic_numeric,phoneme").split(",");
const splits = Number(option("splits") ?? 5);
const results = fileURLToPath(new URL("../results/", import.meta.url));
const rawFile = `${results}peers.jsonl`;

const peers = sharedFile("peers");
const rivals = fileURLToPath(new URL("./rivals.py", import.meta.url));
const python = process.env.PYTHON ?? "/usr/bin/python3";
const oneThread = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };

interface Table {
  readonly name: string;
  readonly task: "regression" | "classification";
  readonly target: string;
  readonly drop: readonly string[];
}

if (!process.argv.includes("--summary")) {
  const missing = whatIsMissing();
  if (missing !== null) {
    console.log(missing);
    process.exit(0);
  }
  await measure();
}
summarise();
process.exit(0);

/** What this machine lacks for the comparison, or null. */
function whatIsMissing(): string | null {
  if (!existsSync(peers)) return "../shared/peers is not here: nothing to compare with.";
  if (process.platform !== "linux") return "CPU seconds of processes are read from /proc: this bench needs Linux.";
  try {
    execFileSync(python, ["-c", "import torch, sklearn, optuna"], { stdio: "pipe" });
    return null;
  } catch {
    return `${python} has no torch, scikit-learn or optuna (Debian: python3-torch python3-sklearn python3-optuna; or name another in PYTHON).`;
  }
}

function readRecords(): PeerRecord[] {
  if (!existsSync(rawFile)) return [];
  const lines = readFileSync(rawFile, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as PeerRecord);
}

function keep(record: PeerRecord): void {
  mkdirSync(results, { recursive: true });
  appendFileSync(rawFile, `${JSON.stringify(record)}\n`);
}

/** All tables at the first split, then at the second: stopped early, the tables are even. */
async function measure(): Promise<void> {
  const known = JSON.parse(readFileSync(sharedFile("data/datasets.json"), "utf8")) as Table[];
  build();
  const service = await startService({ engines: ["onnx"], slots: 1, queue: "postgres" });
  const api = apiAt(service.url);
  for (let split = 0; split < splits; split++) {
    for (const name of tables) {
      const table = known.find((entry) => entry.name === name);
      if (table === undefined) throw new Error(`no table ${name} in ../shared/data`);
      const done = readRecords().filter((record) => record.table === name && record.split === split);
      let ours = done.find(isOurs);
      if (ours === undefined) {
        const rows = JSON.parse(
          execFileSync(python, [rivals, peers, "rows", name, String(split), String(maxRows)], { encoding: "utf8", maxBuffer: 1 << 28 }),
        ) as SplitRows;
        const dataset = await api.upload(`${name}.csv`, readFileSync(sharedFile(`data/${name}/data.csv`)));
        const { task, target, drop: exclude } = table;
        ours = await askOurs(api, service.workerProcessId(0), { table: name, dataset: dataset.id, target, task, exclude, split, rows });
        keep(ours);
        console.log(`${name} ${split}: ours ${ours.cpuSeconds.toFixed(1)} s, ${ours.fits} fits, test ${ours.delivered.test.toFixed(4)}`);
      }
      const left = methods.filter((method) => !done.some((record) => record.method === method));
      if (left.length > 0) await runRivals(ours, left);
    }
  }
  await service.close();
}

/** One process for all methods that are left; each result is kept as soon as it is there. */
async function runRivals({ table, split, cpuSeconds, fits }: OurRecord, left: readonly string[]): Promise<void> {
  const job = JSON.stringify({ table, split, maxRows, ...recipe, cpuSeconds, fits, methods: left });
  const child = spawn(python, [rivals, peers, "run", job], { env: oneThread, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const record = JSON.parse(line) as RivalRecord;
    keep(record);
    console.log(`${table} ${split}: ${record.method} ${record.cpu?.fits ?? 0} fits, test ${record.cpu?.single.test.toFixed(4) ?? "none"}`);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`rivals.py ended with ${code} on ${table}, split ${split}`);
}

function summarise(): void {
  const records = readRecords();
  const compared = comparisons(records);
  const ours = records.filter(isOurs);
  const spent = ours.map(({ table, split, policyVersion, cpuSeconds, fits, single, delivered }) => ({
    table,
    split,
    policyVersion,
    cpuSeconds,
    fits,
    single: single.test,
    delivered: delivered.test,
    members: delivered.members.length,
  }));
  const summary = { maxRows, ...recipe, ours: spent, comparisons: compared, choosing: gainOfChoosing(records) };
  console.table(compared.map(row));
  console.log("choosing how many of the best five to average, against all five (rivals):", JSON.stringify(summary.choosing));
  if (ours.length > 0) writeFileSync(`${results}peers.json`, `${JSON.stringify(summary, null, 1)}\n`);
  if (process.argv.includes("--json")) console.log(JSON.stringify(summary));
}

function row({ budget, rival, ours, form, pairs, percent, low, high, verdict }: Comparison) {
  const interval = `${percent.toFixed(1)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
  return { budget, ours, rival: `${rival}, ${form}`, pairs, "ours, % [95 %]": interval, verdict };
}
