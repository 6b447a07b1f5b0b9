/** Exactness over random recipes: chunking, interruption and another process never change a bit. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { activations, type Engine, type Optimizer, type Recipe, type Schedule } from "@rightsize/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, serialiseWeights, type TrainJob, type TrainOutcome, trainRun } from "../src/index.ts";
import { collect, jobFor, sectors, waves } from "./support.ts";

let engine: Engine;
let other: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
  other = await createEngine("onnx");
});
afterAll(() => Promise.all([engine.close(), other.close()]));

const optimizers = fc.constantFrom<Optimizer>(
  { kind: "sgd", momentum: 0, nesterov: false },
  { kind: "sgd", momentum: 0.9, nesterov: false },
  { kind: "sgd", momentum: 0.8, nesterov: true },
  { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  { kind: "adamw", beta1: 0.9, beta2: 0.99, epsilon: 1e-7, weightDecay: 0.01 },
);
const schedules = fc.constantFrom<Schedule>(
  { kind: "constant" },
  { kind: "step", everyEpochs: 2, factor: 0.5 },
  { kind: "cosine", epochs: 4, finalFraction: 0.1 },
  { kind: "reduce_on_plateau", patienceEpochs: 1, factor: 0.3, minimumFraction: 0.01 },
);
const recipes = fc.record({
  activation: fc.constantFrom(...activations),
  optimizer: optimizers,
  schedule: schedules,
  batchSize: fc.constantFrom<Recipe["batchSize"]>("auto", 1, 7, 32, 1000),
  maxEpochs: fc.integer({ min: 1, max: 5 }),
  patience: fc.integer({ min: 1, max: 4 }),
  l2: fc.constantFrom(0, 0.01),
  dropoutFraction: fc.constantFrom(0, 0.3),
  gradientClipNorm: fc.constantFrom(null, 0.5),
});
const problems = fc.constantFrom(
  { kind: "waves", loss: "mean_squared_error", outputs: 1 } as const,
  { kind: "waves", loss: "mean_absolute_error", outputs: 1 } as const,
  { kind: "waves", loss: "huber", outputs: 1 } as const,
  { kind: "sectors", loss: "cross_entropy", outputs: 3 } as const,
  { kind: "sectors", loss: "binary_cross_entropy", outputs: 1 } as const,
);
const jobs = fc
  .record({
    recipe: recipes,
    problem: problems,
    hiddenLayers: fc.integer({ min: 0, max: 8 }),
    nodes: fc.integer({ min: 1, max: 20 }),
    rows: fc.integer({ min: 8, max: 90 }),
    seed: fc.nat(2 ** 40),
    weighted: fc.boolean(),
  })
  .map(({ recipe, problem, hiddenLayers, nodes, rows, seed, weighted }): TrainJob => {
    const table = problem.kind === "waves" ? waves(rows) : sectors(rows, Math.max(2, problem.outputs));
    const capacity = { hiddenLayers, nodesPerLayer: hiddenLayers === 0 ? 0 : nodes };
    const job = jobFor(table, capacity, { ...recipe, loss: problem.loss }, problem.outputs);
    const classWeights = weighted && problem.kind === "sectors" ? [0.5, 1.5, 2].slice(0, Math.max(2, problem.outputs)) : null;
    return { ...job, seed, network: { ...job.network, classWeights } };
  });

/** Everything of an outcome that must be equal; times may differ. */
function essence(outcome: TrainOutcome): string {
  if (outcome.kind === "stopped") return "stopped";
  const weights = outcome.kind === "completed" ? Buffer.from(serialiseWeights(outcome.weights)).toString("base64") : "";
  return JSON.stringify({ ...outcome.result, trainMs: 0, weights });
}

test("one step a chunk, resumed at a random place, on another engine: the same bits as in one go", async () => {
  await fc.assert(
    fc.asyncProperty(jobs, fc.double({ min: 0, max: 1, noNaN: true }), async (job, place) => {
      const whole = collect({ chunkMs: 10_000 });
      const expected = essence(await trainRun(engine, job, whole.hooks));
      const checkpoints: Uint8Array[] = [];
      const pieces = collect({ chunkMs: 0, checkpointEveryMs: 0, onCheckpoint: async (bytes) => void checkpoints.push(bytes) });
      expect(essence(await trainRun(other, job, pieces.hooks))).toBe(expected);
      expect(pieces.epochs).toEqual(whole.epochs);
      if (checkpoints.length === 0) return;
      const checkpoint = checkpoints[Math.min(checkpoints.length - 1, Math.floor(place * checkpoints.length))] as Uint8Array;
      expect(essence(await trainRun(engine, { ...job, checkpoint }, collect().hooks))).toBe(expected);
    }),
    { numRuns: 60, seed: 2718 },
  );
}, 60_000);

test("killed with -9 again and again, and resumed from the last checkpoint: the same bits as undisturbed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rightsize-engine-"));
  try {
    const undisturbed = await runChild(join(folder, "calm"), Number.POSITIVE_INFINITY);
    const file = join(folder, "killed");
    for (let kill = 0; kill < 3; kill++) expect(await runChild(file, 4)).toBe("killed");
    const last = await runChild(file, Number.POSITIVE_INFINITY);
    expect(undisturbed).toMatch(/^weights [0-9a-f]{64} resumed false$/);
    expect(last).toBe(undisturbed.replace("false", "true"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

/** Trains in a process of its own; kills it with SIGKILL after so many checkpoints. */
function runChild(file: string, killAfter: number): Promise<string> {
  const script = fileURLToPath(new URL("support-kill-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", "--conditions=source", script, file], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (part: Buffer) => {
    text += part.toString();
    if (text.split("checkpoint").length - 1 >= killAfter) child.kill("SIGKILL");
  });
  return new Promise((resolve) =>
    child.on("close", (_code, signal) => resolve(signal === "SIGKILL" ? "killed" : (text.trim().split("\n").at(-1) ?? ""))),
  );
}
