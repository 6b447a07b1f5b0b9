/** F4: kill -9 while a checkpoint is being written; then checkpoints that a broken disk tore or lost. The one before serves, exactly. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, watch } from "node:fs";
import { join } from "node:path";
import { type Fault, holdsWithin, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";
import type { FaultyWorker, World } from "./world.ts";

/** Torn by these tests themselves, and left so: no word about the product. */
const tornByHand = new Set<string>();

/** What a broken disk does beside the kill, by rounds; each once with a scripted run and once with a real network. */
const harms = ["none", "newest torn", "newest missing", "both torn"] as const;

export const f04: Fault = {
  id: "F4",
  title: "kill during a checkpoint write; checkpoints torn or missing",
  runs: 8,
  async run(world, round) {
    const harm = harms[(round >> 1) % harms.length] as (typeof harms)[number];
    const question = round % 2 === 0 ? { epochs: 40, epochMs: 15 } : { engine: "onnx" as const };
    const golden = await goldenOf(world, question);
    const worker = await world.startWorker();
    const id = await world.post(question);
    await untilTraining(world, id);
    await holdsWithin(20_000, async () => (await checkpointed(world, id)).length > 0, 5);
    await killWhileWriting(world, worker);
    const torn = tornFiles(world.artifactsFolder).filter((name) => !tornByHand.has(name));
    const runs = await checkpointed(world, id);
    if (runs.length === 0) return ["the fault did not happen: no run had two checkpoints when its worker was killed"];
    for (const run of runs) {
      if (harm === "newest torn" || harm === "both torn") tear(world, run.newest);
      if (harm === "newest missing") rmSync(pathOf(world, run.newest));
      if (harm === "both torn") tear(world, run.previous);
    }
    await world.startWorker();
    const broken = await endsLikeGolden(world, id, golden);
    return [...torn.map((name) => `the artifact ${name} is torn under its name`), ...broken, ...(await wentOnFrom(runs))];

    /** A whole checkpoint is gone on from, the newest one there is; only without any is a run trained again from its beginning. */
    async function wentOnFrom(runs: readonly Checkpointed[]): Promise<readonly string[]> {
      const found: string[] = [];
      for (const run of runs) {
        const from = await world.database.value<number | null>("SELECT min(epoch) FROM epochs WHERE run_id = $1 AND attempt > $2", [
          run.id,
          run.attempt,
        ]);
        if (from === null) continue;
        const [least, most] = {
          none: [run.newestEpoch, run.newestEpoch + 1],
          "newest torn": [run.previousEpoch, run.previousEpoch + 1],
          "newest missing": [run.previousEpoch, run.previousEpoch + 1],
          "both torn": [1, 1],
        }[harm] as [number, number];
        if (from < least || from > most)
          found.push(`${harm}: it went on from epoch ${from}; its checkpoints were of ${run.previousEpoch} and ${run.newestEpoch}`);
      }
      return found;
    }
  },
};

interface Checkpointed {
  readonly id: string;
  readonly attempt: number;
  readonly newest: string;
  readonly newestEpoch: number;
  readonly previous: string;
  readonly previousEpoch: number;
}
/** Runs under way that have two checkpoints. */
function checkpointed(world: World, id: string): Promise<readonly Checkpointed[]> {
  return world.database.rows(
    `SELECT runs.id, attempt, checkpoint_artifact AS newest, checkpoint_epoch AS "newestEpoch",
       previous_checkpoint_artifact AS previous, previous_checkpoint_epoch AS "previousEpoch"
     FROM runs JOIN assignments ON assignments.id = assignment_id
     WHERE runs.experiment_id = $1 AND previous_checkpoint_artifact IS NOT NULL AND runs.state IN ('QUEUED', 'RUNNING')`,
    [id],
  );
}

async function killWhileWriting(world: World, worker: FaultyWorker): Promise<void> {
  const incoming = join(world.artifactsFolder, "incoming");
  mkdirSync(incoming, { recursive: true });
  let writing = false;
  const watcher = watch(incoming, () => {
    if (!writing) void worker.killGroup();
    writing = true;
  });
  await holdsWithin(10_000, () => writing);
  watcher.close();
  await worker.killGroup();
  await sleep(50);
}

/** Files whose bytes are not what their names say. */
function tornFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .filter(
      (entry) =>
        createHash("sha256")
          .update(readFileSync(join(entry.parentPath, entry.name)))
          .digest("hex") !== entry.name,
    )
    .map((entry) => entry.name);
}

const pathOf = (world: World, name: string) => join(world.artifactsFolder, name.slice(0, 2), name.slice(2, 4), name);

function tear(world: World, name: string): void {
  tornByHand.add(name);
  truncateSync(pathOf(world, name), Math.floor(readFileSync(pathOf(world, name)).byteLength / 2));
}
