/**
 * Measures reading and preparing data. Usage: `npm run bench:data -- [--json] [--rows N] [--columns N] [--python PATH]`, where the Python
 * may have pandas (and, for Parquet, pyarrow).
 * Aims (two cores, nothing else running): 1M × 20 CSV to profiled columns ≤ 3 s and ≤ 1 GB; flights-3m to tensors ≤ 4 s.
 */
import { fork, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type CaseName, cases, flightsPath, type Timing } from "./cases.ts";
import { makeTable } from "./make-table.ts";

type Measured = Timing & { readonly peakBytes: number };

const pandasScript = `
import sys, time, resource, json
import pandas
t = time.perf_counter(); c = time.process_time()
d = pandas.read_parquet(sys.argv[1]) if sys.argv[1].endswith(".parquet") else pandas.read_csv(sys.argv[1])
d.describe()
print(json.dumps({"rows": len(d), "wallMs": (time.perf_counter() - t) * 1000, "cpuMs": (time.process_time() - c) * 1000, "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
`;

/** Runs one case in a child process and takes its memory peak. */
function measure(name: CaseName, path: string, outputPath: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ["--case", name, path, outputPath], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.on("message", (message) => resolve(message as Measured));
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`case ${name} ended with ${code}`)));
  });
}

/** What pandas takes to read a file and describe it, or null where that Python has no pandas (or no pyarrow). */
function measurePandas(python: string, path: string): Measured | null {
  const { status, stdout } = spawnSync(python, ["-c", pandasScript, path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  if (status !== 0) return null;
  const { rows, wallMs, cpuMs, peakBytes } = JSON.parse(stdout) as { rows: number; wallMs: number; cpuMs: number; peakBytes: number };
  return { rows, peakBytes, parts: [{ name: "pandas: read and describe", wallMs, cpuMs }] };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      rows: { type: "string", default: "1000000" },
      columns: { type: "string", default: "20" },
      python: { type: "string", default: "python3" },
      case: { type: "string" },
    },
  });
  if (values.case !== undefined) {
    const [path = "", outputPath = ""] = positionals;
    const timing = await cases[values.case as CaseName](path, outputPath);
    process.send?.({ ...timing, peakBytes: process.resourceUsage().maxRSS * 1024 } satisfies Measured, () => process.exit(0));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "rightsize-bench-data-"));
  try {
    const path = join(folder, "table.csv");
    await makeTable(path, Number(values.rows), Number(values.columns));
    const csvBytes = statSync(path).size;
    const results: Record<string, Measured | null> = {};
    for (const name of Object.keys(cases) as CaseName[]) results[name] = await measure(name, path, join(folder, `${name}.columns`));
    results.pandas = measurePandas(values.python, path);
    results["pandas, flights"] = measurePandas(values.python, flightsPath());
    const machine = { cores: cpus().length, model: cpus()[0]?.model ?? "", node: process.version, load: loadavg()[0] };
    if (values.json)
      console.log(
        JSON.stringify({
          date: new Date().toISOString().slice(0, 10),
          machine,
          rows: Number(values.rows),
          columns: Number(values.columns),
          csvBytes,
          results,
        }),
      );
    else print(results, csvBytes, machine.load ?? 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(results: Readonly<Record<string, Measured | null>>, csvBytes: number, load: number): void {
  console.log(`CSV of ${(csvBytes / 1e6).toFixed(0)} MB; load average ${load.toFixed(1)}`);
  for (const [name, measured] of Object.entries(results)) {
    if (measured === null) {
      console.log(`${name}: not installed`);
      continue;
    }
    for (const part of measured.parts) {
      console.log(`${name}: ${part.name}: ${part.wallMs.toFixed(0)} ms (${part.cpuMs.toFixed(0)} ms of CPU), ${measured.rows} rows`);
    }
    console.log(`${name}: peak ${(measured.peakBytes / 1e6).toFixed(0)} MB`);
  }
}

await main();
