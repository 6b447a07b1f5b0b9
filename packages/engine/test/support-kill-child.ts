/** A child process for the kill test: trains one run, writes its checkpoints to the file it is given, and prints the weights' hash. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createEngine, serialiseWeights, trainRun } from "../src/index.ts";
import { collect, jobFor, waves } from "./support.ts";

async function main(file: string): Promise<void> {
  const engine = await createEngine("onnx");
  const recipe = { maxEpochs: 30, patience: 30, dropoutFraction: 0.1, batchSize: 16 };
  const checkpoint = existsSync(file) ? Uint8Array.from(readFileSync(file)) : null;
  const { hooks } = collect({
    chunkMs: 1,
    checkpointEveryMs: 5,
    onCheckpoint: async (bytes, epoch) => {
      writeFileSync(`${file}.new`, bytes);
      renameSync(`${file}.new`, file);
      process.stdout.write(`checkpoint in epoch ${epoch}\n`);
    },
  });
  const outcome = await trainRun(engine, { ...jobFor(waves(2000), { hiddenLayers: 2, nodesPerLayer: 64 }, recipe), checkpoint }, hooks);
  const bytes = outcome.kind === "completed" ? serialiseWeights(outcome.weights) : new Uint8Array(0);
  process.stdout.write(`weights ${createHash("sha256").update(bytes).digest("hex")} resumed ${checkpoint !== null}\n`);
}
await main(process.argv[2] as string);
