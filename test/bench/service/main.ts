/**
 * `npm run bench:service`: the service measured from outside, over HTTP, on real processes. Options: --only gap,claimers,epochs,read,
 * watchers,post,killed; --runs N --run-ms MS of the slot gap (1000 of 1000 unless told); --queue postgres|redis; --json; --keep FILE.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import build from "../../support/build.ts";
import { circumstances, load } from "../../support/circumstances.ts";
import { noRedis } from "../../support/redis.ts";
import { claimerPart } from "./claimers.ts";
import { epochs } from "./epochs.ts";
import { gap } from "./gap.ts";
import { killed } from "./killed.ts";
import { type Figure, type Part, reached } from "./part.ts";
import { post } from "./post.ts";
import { read } from "./read.ts";
import { watcherPart } from "./watchers.ts";

const parts: readonly Part[] = [gap, claimerPart, epochs, read, watcherPart, post, killed];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string", default: "1000" },
    "run-ms": { type: "string", default: "1000" },
    queue: { type: "string" },
    json: { type: "boolean", default: false },
    keep: { type: "string" },
  },
});
const only = values.only?.split(",");
const unknown = only?.filter((name) => !parts.some((part) => part.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`--only ${unknown.join(",")}: the parts are ${parts.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
const queues = (["postgres", "redis"] as const).filter(
  (queue) => (values.queue === undefined || values.queue === queue) && (queue === "postgres" || noRedis() === null),
);
const options = { runs: Number(values.runs), runMs: Number(values["run-ms"]), queues };

build();
const kept: Record<string, object> = {};
for (const part of parts) {
  if (only !== undefined && !only.includes(part.name)) continue;
  const under = circumstances();
  const figures = await part.measure(options);
  kept[part.name] = { what: part.what, ...under, loadAtEnd: load(), figures };
  tell(part, figures, under.load);
}
if (values.json) console.log(JSON.stringify(kept));
if (values.keep !== undefined) {
  // Parts measured at another time stay: each has its own circumstances.
  const before = existsSync(values.keep) ? (JSON.parse(readFileSync(values.keep, "utf8")) as object) : {};
  writeFileSync(values.keep, `${JSON.stringify({ ...before, ...kept }, null, 2)}\n`);
}
process.exit(0);

function tell({ name, what }: Part, figures: readonly Figure[], before: number): void {
  console.log(`\n${name}: ${what} (load ${before} to ${load()})`);
  for (const figure of figures) {
    const aim = figure.aim === undefined ? "" : `  aim ${figure.aim}${reached(figure) ? "" : "  MISSED"}`;
    console.log(`  ${figure.name.padEnd(62)} ${figure.value.toFixed(figure.value < 100 ? 1 : 0).padStart(9)} ${figure.unit}${aim}`);
  }
}
