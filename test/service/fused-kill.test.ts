/** Small networks that train side by side in a real trainer child: killed with -9 again and again, each ends with the bits of an undisturbed run. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import {
  defaultFeatures,
  defaultRecipe,
  type RunId,
  randomStream,
  type Sha256,
  type TrainingRun,
  type TrainingWork,
} from "@rightsize/core";
import { defaultDataLimits, openColumns, openPlan, planExperiment, readTable } from "@rightsize/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mixedCsv } from "../support/delivered-cases.ts";
import { examplePlan, exampleSpec } from "../support/examples.ts";

// the built trainer: its child is a plain node process, as in production, and takes over none of this runner's options
process.execArgv = [];
const { startChildTrainer } = (await import(
  new URL("../../apps/worker/dist/index.js", import.meta.url).href
)) as typeof import("@rightsize/worker");

let folder: string;
let work: Omit<TrainingWork, "runs">;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rightsize-fused-kill-"));
  const artifacts = createFolderArtifacts({ folder: join(folder, "artifacts") });
  await writeFile(join(folder, "table.csv"), mixedCsv(1200));
  const outputPath = join(folder, "columns");
  await readTable(join(folder, "table.csv"), { name: "table.csv", outputPath, limits: defaultDataLimits });
  const features = { ...defaultFeatures, exclude: ["kind", "sold"] };
  const split = { kind: "random", validationFraction: 0.25, testFraction: 0.2, seed: 1, stratify: false } as const;
  const { bytes } = planExperiment(await openColumns(outputPath), { target: "price", task: "regression", seed: 0, features, split });
  const recipe = { ...defaultRecipe, maxEpochs: 45, patience: 45, batchSize: 8, dropoutFraction: 0.1 };
  work = {
    experimentId: "exp_1" as TrainingWork["experimentId"],
    spec: exampleSpec({ engine: { name: "onnx" }, recipe }),
    plan: examplePlan({ artifact: (await artifacts.put(bytes)).id, inputs: openPlan(bytes).inputs }),
    columnsArtifact: (await artifacts.put(await readFile(outputPath))).id,
    trialNumber: 1,
    capacity: { hiddenLayers: 2, nodesPerLayer: 24 },
    recipe,
    members: [],
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const runs = Array.from({ length: 5 }, (_, seed): TrainingRun => {
  const learningRate = [0.001, 0.01][seed % 2] as number;
  return { runId: `run_${seed}` as RunId, purpose: "fit", seed, fold: 0, learningRate, checkpoints: [] };
});

/** All that is known of the runs: what a store would hold. */
interface Held {
  readonly ends: Map<RunId, unknown>;
  readonly epochs: Map<string, unknown>;
  /** Newest first. */
  readonly checkpoints: Map<RunId, readonly { readonly artifact: Sha256; readonly epoch: number }[]>;
}
/** Trains what has no result yet, each run from its last checkpoint; with `killAfter`, that many epochs later and some µs the child is killed. */
async function attempt(trainer: Awaited<ReturnType<typeof startChildTrainer>>, held: Held, killAfter = Number.POSITIVE_INFINITY) {
  const left = runs.filter(({ runId }) => !held.ends.has(runId));
  const told: RunId[] = [];
  const observer = {
    onEpochs(epochs: readonly { readonly runId: RunId; readonly epoch: number }[]) {
      for (const epoch of epochs) {
        held.epochs.set(`${epoch.runId} ${epoch.epoch}`, epoch);
        if (told.push(epoch.runId) === killAfter) process.kill(trainer.processId() as number, "SIGKILL");
      }
    },
    onCheckpoint: ({ runId, ...checkpoint }: { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number }) =>
      void held.checkpoints.set(runId, [checkpoint, ...(held.checkpoints.get(runId) ?? [])].slice(0, 2)),
    onRunEnd: async (runId: RunId, { state, result }: { readonly state: string; readonly result: object }) =>
      void held.ends.set(runId, { state, ...result, trainMs: 0 }),
  };
  const resumed = left.map((run) => ({ ...run, checkpoints: held.checkpoints.get(run.runId) ?? [] }));
  const end = await trainer.train({ ...work, runs: resumed }, observer, new AbortController().signal);
  return { end: end.kind, told, resumed };
}
const nothing = (): Held => ({ ends: new Map(), epochs: new Map(), checkpoints: new Map() });

test("epochs, results and weights are those of an undisturbed assignment, wherever the child was killed", async () => {
  const trainer = await startChildTrainer({
    engines: ["onnx"],
    provider: "cpu",
    artifacts: { kind: "folder", folder: join(folder, "artifacts") },
    checkpointEveryMs: 15,
    keptTensorBytes: 2 ** 20,
  });
  try {
    const calm = nothing();
    const whole = await attempt(trainer, calm);
    expect(whole.end).toBe("done");
    // side by side: each epoch of one run is followed by another's
    expect(whole.told.slice(0, runs.length).toSorted()).toEqual(runs.map(({ runId }) => runId));

    const disturbed = nothing();
    const random = randomStream(Date.now(), "sample", 0, 0);
    for (let kill = 0; kill < 3; kill++) {
      const { end, resumed } = await attempt(trainer, disturbed, 20 + random.below(40));
      expect(end).toBe("crashed");
      if (kill > 0) expect(resumed.filter(({ checkpoints }) => checkpoints.length > 0).length).toBeGreaterThan(0);
    }
    expect((await attempt(trainer, disturbed)).end).toBe("done");
    expect(disturbed.ends).toEqual(calm.ends);
    expect(disturbed.epochs).toEqual(calm.epochs);
  } finally {
    await trainer.close();
  }
});
