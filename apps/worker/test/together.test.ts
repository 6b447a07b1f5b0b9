/** Assignments of several runs: trained side by side, stopped and resumed, each run ends as it would alone. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import {
  type ArtifactStore,
  type Capacity,
  defaultFeatures,
  defaultRecipe,
  type Engine,
  type EpochRecord,
  type Recipe,
  type RunId,
  type RunResult,
  type Sha256,
  type TrainerObserver,
  type TrainingRun,
  type TrainingWork,
} from "@rightsize/core";
import { defaultDataLimits, openColumns, openPlan, planExperiment, readTable } from "@rightsize/data";
import { createEngine } from "@rightsize/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mixedCsv } from "../../../test/support/delivered-cases.ts";
import { examplePlan, exampleSpec } from "../../../test/support/examples.ts";
import { createAssignmentTrainer } from "../src/train-assignment.ts";

let folder: string;
let artifacts: ArtifactStore;
let engine: Engine;
let tables: Pick<TrainingWork, "plan" | "columnsArtifact">;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rightsize-together-"));
  artifacts = createFolderArtifacts({ folder: join(folder, "artifacts") });
  engine = await createEngine("onnx");
  await writeFile(join(folder, "table.csv"), mixedCsv(160));
  const outputPath = join(folder, "columns");
  await readTable(join(folder, "table.csv"), { name: "table.csv", outputPath, limits: defaultDataLimits });
  const features = { ...defaultFeatures, exclude: ["kind", "sold"] };
  const split = { kind: "folds", folds: 2, testFraction: 0.2, seed: 1, stratify: false } as const;
  const { bytes } = planExperiment(await openColumns(outputPath), { target: "price", task: "regression", seed: 0, features, split });
  tables = {
    columnsArtifact: (await artifacts.put(await readFile(outputPath))).id,
    plan: examplePlan({ artifact: (await artifacts.put(bytes)).id, inputs: openPlan(bytes).inputs }),
  };
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const recipe = { ...defaultRecipe, maxEpochs: 12, patience: 12 };
const small = { hiddenLayers: 1, nodesPerLayer: 16 };
const large = { hiddenLayers: 2, nodesPerLayer: 150 };
const run = (seed: number, fold = 0, learningRate = 0.01): TrainingRun => ({
  ...{ runId: `run_${seed}_${fold}_${learningRate}` as RunId, purpose: "fit", seed, fold, learningRate, checkpoints: [] },
});
const replicates = [run(1), run(2), run(3, 1), run(4), run(1, 0, 0.05), run(5, 1)];

interface Seen {
  readonly ends: Map<string, unknown>;
  readonly epochs: Map<string, unknown[]>;
  readonly checkpoints: Map<string, { readonly artifact: Sha256; readonly epoch: number }>;
  /** Run by run, as their epochs came in. */
  readonly order: string[];
}
/** Trains; `stopAfter` that many epochs of all runs together. */
async function train(runs: readonly TrainingRun[], capacity: Capacity, stopAfter = Number.POSITIVE_INFINITY, under: Recipe = recipe) {
  const stop = new AbortController();
  const seen: Seen = { ends: new Map(), epochs: new Map(), checkpoints: new Map(), order: [] };
  const observer: TrainerObserver = {
    onEpochs(epochs) {
      for (const { runId, ...epoch } of epochs) {
        seen.order.push(runId);
        seen.epochs.set(runId, [...(seen.epochs.get(runId) ?? []), epoch]);
      }
      if (seen.order.length >= stopAfter) stop.abort();
    },
    onCheckpoint: ({ runId, ...checkpoint }) => void seen.checkpoints.set(runId, checkpoint),
    onRunEnd: async (runId, { state, result }) => void seen.ends.set(runId, { state, ...result, trainMs: 0 }),
  };
  const spec = exampleSpec({ engine: { name: "onnx" }, recipe: under });
  const rest = { experimentId: "exp_1", spec, trialNumber: 1, capacity, recipe: under, runs, members: [] };
  const work = { ...tables, ...rest } as unknown as TrainingWork;
  const engines = new Map([["onnx", engine]]);
  const deps = { engines, artifacts, checkpointEveryMs: 0, keptTensorBytes: 2 ** 20, now: () => performance.now() };
  return { seen, end: await createAssignmentTrainer(deps).train(work, observer, stop.signal) };
}
async function alone(runs: readonly TrainingRun[], capacity: Capacity) {
  const ends = new Map<string, unknown>();
  const epochs = new Map<string, unknown[]>();
  for (const one of runs) {
    const { seen } = await train([one], capacity);
    for (const [id, end] of seen.ends) ends.set(id, end);
    for (const [id, told] of seen.epochs) epochs.set(id, told);
  }
  return { ends, epochs };
}
/** How often the epochs change from one run to another. */
const changes = (order: readonly string[]) => order.filter((id, at) => at > 0 && id !== order[at - 1]).length;

describe("an assignment of replicates, learning rates and folds", () => {
  it.each([
    ["small networks, side by side", small, (count: number) => count > 20],
    ["large networks, one after another", large, (count: number) => count === replicates.length - 1],
  ])("%s: epochs, results and weights of each are those it has alone", async (_name, capacity, interleaved) => {
    const { seen, end } = await train(replicates, capacity);
    const single = await alone(replicates, capacity);
    expect(end).toBe("done");
    expect(single.ends.size).toBe(replicates.length);
    expect(seen.ends).toEqual(single.ends);
    expect(seen.epochs).toEqual(single.epochs);
    expect(interleaved(changes(seen.order))).toBe(true);
  });
  it("stopped on the way it tells no result, and goes on from its checkpoints to the same bits", async () => {
    const runs = [run(1), run(2), run(4)];
    const first = await train(runs, small, 12);
    expect(first.end).toBe("stopped");
    expect(first.seen.ends.size).toBe(0);
    expect(first.seen.checkpoints.size).toBe(3);
    const resumed = runs.map((one) => ({ ...one, checkpoints: [first.seen.checkpoints.get(one.runId) ?? []].flat() }));
    const second = await train(resumed, small);
    expect(second.end).toBe("done");
    expect(second.seen.ends).toEqual((await alone(runs, small)).ends);
    expect(second.seen.order.length).toBeLessThan(3 * 12);
  });
  it("of checkpoints it goes on from the newest whose bytes are there, and without any from the beginning", async () => {
    const one = run(1);
    const first = await train([one], small, 6);
    const there = first.seen.checkpoints.get(one.runId) as { readonly artifact: Sha256; readonly epoch: number };
    const gone = { artifact: "0".repeat(64) as Sha256, epoch: 11 };
    const single = await alone([one], small);
    const before = await train([{ ...one, checkpoints: [gone, there] }], small);
    expect(before.seen.ends).toEqual(single.ends);
    expect(before.seen.epochs.get(one.runId)?.[0]).toMatchObject({ epoch: there.epoch });
    const none = await train([{ ...one, checkpoints: [gone, gone] }], small);
    expect(none.seen).toMatchObject({ ends: single.ends, epochs: single.epochs });
  });
  it("runs that are cut short end there, and nothing of that is called an ailment", async () => {
    const probes = [0.001, 0.01, 0.05].map((rate) => ({ ...run(1000, 0, rate), purpose: "probe" as const, maxEpochs: 3 }));
    const { seen } = await train(probes, small);
    const whole = await alone(
      probes.map(({ maxEpochs: _cut, ...probe }) => probe),
      small,
    );
    for (const { runId } of probes) {
      const end = seen.ends.get(runId) as RunResult;
      expect(end).toMatchObject({ state: "COMPLETED", epochs: 3, capped: false });
      expect(end.diagnostics?.symptoms.map(({ symptom }) => symptom)).not.toContain("capped");
      const losses = (epochs: unknown) => (epochs as readonly EpochRecord[] | undefined)?.map(({ validationLoss }) => validationLoss);
      expect(losses(seen.epochs.get(runId))).toEqual(losses(whole.epochs.get(runId))?.slice(0, 3));
    }
    // Asked for three epochs in full, the same training is capped.
    const capped = await train([run(1000)], small, Number.POSITIVE_INFINITY, { ...recipe, maxEpochs: 3 });
    expect(capped.seen.ends.get(run(1000).runId)).toMatchObject({ epochs: 3, capped: true });
  });
  it("a run that diverges is told so, and the others end as they do alone", async () => {
    const runs = [run(1), run(2, 0, 1e30), run(4)];
    const { seen, end } = await train(runs, small);
    expect(end).toBe("done");
    expect(seen.ends.get(run(2, 0, 1e30).runId)).toMatchObject({ state: "DIVERGED" });
    expect(seen.ends).toEqual((await alone(runs, small)).ends);
  });
});
