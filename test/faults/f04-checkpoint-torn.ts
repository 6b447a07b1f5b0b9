/** F4: kill -9 while a checkpoint is being written; then a checkpoint that a broken disk tore. Bytes are known by their checksum. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, truncateSync, watch } from "node:fs";
import { join } from "node:path";
import { type Fault, holdsWithin, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";
import type { FaultyWorker, World } from "./world.ts";

/** Torn by these tests themselves, and left so: no word about the product. */
const tornByHand = new Set<string>();

export const f04: Fault = {
  id: "F4",
  title: "kill during a checkpoint write, and a torn checkpoint",
  runs: 4,
  async run(world, round) {
    const question = round % 2 === 0 ? { epochs: 40, epochMs: 15 } : { engine: "onnx" as const };
    const golden = await goldenOf(world, question);
    const worker = await world.startWorker();
    const id = await world.post(question);
    await untilTraining(world, id);
    await killWhileWriting(world, worker);
    const torn = tornFiles(world.artifactsFolder).filter((name) => !tornByHand.has(name));
    // What the pointer names is torn by hand in half of the rounds: the run starts again, and ends the same.
    if (round % 4 === 1 || round % 4 === 2) await tearCheckpoints(world, id);
    await world.startWorker();
    return [...torn.map((name) => `the artifact ${name} is torn under its name`), ...(await endsLikeGolden(world, id, golden))];
  },
};

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

async function tearCheckpoints(world: World, id: string): Promise<void> {
  const pointed = await world.database.rows<{ id: string }>(
    "SELECT checkpoint_artifact AS id FROM runs WHERE experiment_id = $1 AND checkpoint_artifact IS NOT NULL AND state IN ('QUEUED', 'RUNNING')",
    [id],
  );
  for (const { id: name } of pointed) {
    const path = join(world.artifactsFolder, name.slice(0, 2), name.slice(2, 4), name);
    tornByHand.add(name);
    truncateSync(path, Math.floor(readFileSync(path).byteLength / 2));
  }
}
