/** `npm run test:faults`: does each fault to real processes and says which promises broke. Options: --only F3,F7 --runs N --queue postgres|redis --json --keep FILE */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import build from "../support/build.ts";
import { circumstances, load } from "../support/circumstances.ts";
import { noRedis } from "../support/redis.ts";
import { type Fault, Skipped } from "./fault.ts";
import { faults, notBuilt } from "./registry.ts";
import { startWorld, type World } from "./world.ts";

interface Tally {
  readonly id: string;
  runs: number;
  violations: number;
}
/** One fault on one queue. */
interface Told {
  readonly id: string;
  readonly queue: string;
  readonly runs: number;
  readonly broken: readonly string[];
  readonly skipped: string | null;
  readonly seconds: number;
  /** Of the machine when it was done. */
  readonly load: number;
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string" },
    queue: { type: "string" },
    json: { type: "boolean", default: false },
    keep: { type: "string" },
  },
});
const only = values.only?.split(",").map((id) => id.trim().toUpperCase());
const chosen = faults.filter(({ id }) => only === undefined || only.includes(id));
const tallies = new Map<string, Tally>(chosen.map(({ id }) => [id, { id, runs: 0, violations: 0 }]));
const told: Told[] = [];
const begun = circumstances();
const say = (line: string) => process.stdout.write(`${line}\n`);

build();
for (const queue of ["postgres", "redis"] as const) {
  if (values.queue !== undefined && values.queue !== queue) continue;
  const absent = queue === "redis" ? noRedis() : null;
  if (absent !== null) {
    say(`redis     skipped: ${absent}`);
    continue;
  }
  await allOn(queue);
}
for (const [id, why] of Object.entries(notBuilt)) if (only === undefined || only.includes(id)) say(`${id.padEnd(4)} ${why}`);
if (values.json) say(JSON.stringify({ faults: [...tallies.values()] }));
process.exit([...tallies.values()].some(({ violations }) => violations > 0) ? 1 : 0);

async function allOn(queue: "postgres" | "redis"): Promise<void> {
  let world: World | null = null;
  for (const fault of chosen) {
    if (fault.queues !== undefined && !fault.queues.includes(queue)) continue;
    const startedAt = Date.now();
    let runs = 0;
    let broken: string[] = [];
    let skipped: string | null = null;
    for (; runs < Number(values.runs ?? fault.runs); runs++) {
      world ??= await startWorld(queue);
      try {
        broken = [...broken, ...(await fault.run(world, runs))];
        await world.endWorkers();
      } catch (error) {
        if (error instanceof Skipped) {
          skipped = error.message;
          break;
        }
        broken.push(`the harness could not go on: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        // Whatever state it is in: the next one gets a new service.
        await world.close().catch(() => {});
        world = null;
      }
    }
    tell(fault, queue, runs, broken, skipped, Date.now() - startedAt);
  }
  await world?.close();
}

function tell(fault: Fault, queue: string, runs: number, broken: readonly string[], skipped: string | null, tookMs: number): void {
  const tally = tallies.get(fault.id);
  if (tally !== undefined) {
    tally.runs += runs;
    tally.violations += broken.length;
  }
  told.push({ id: fault.id, queue, runs, broken, skipped, seconds: Math.round(tookMs / 1000), load: load() });
  keep();
  const outcome = skipped !== null ? `skipped: ${skipped}` : broken.length === 0 ? "nothing broken" : `${broken.length} BROKEN`;
  say(
    `${fault.id.padEnd(4)} ${queue.padEnd(9)} ${String(runs).padStart(3)} × ${fault.title}: ${outcome} (${(tookMs / 1000).toFixed(0)} s)`,
  );
  for (const sentence of broken) say(`       ${sentence}`);
}

/** After each fault anew: a run that is cut short leaves what it found. Places are told as they are in the project, on whatever machine it ran. */
function keep(): void {
  if (values.keep === undefined) return;
  const command = `npm run test:faults -- ${process.argv.slice(2).join(" ")}`;
  const kept = { ...begun, loadAtEnd: load(), command, faults: [...tallies.values()], each: told };
  const text = JSON.stringify(kept, null, 2).replaceAll(values.keep, "FILE").replaceAll("file://", "").replaceAll(`${process.cwd()}/`, "");
  writeFileSync(values.keep, `${text}\n`);
}
