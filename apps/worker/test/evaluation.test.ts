/** The evaluation beside an answer: its numbers are computed again here from what the model to take home predicts for the same rows. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFolderArtifacts } from "@rightsize/artifacts";
import { type ClassificationEvaluation, type Evaluation, evaluationSchema, type RegressionEvaluation } from "@rightsize/contract";
import {
  type Answer,
  type ArtifactStore,
  defaultFeatures,
  defaultRecipe,
  type Engine,
  type ExperimentId,
  type FeatureSpec,
  type RunId,
  type RunResult,
  type Sha256,
  type SplitSpec,
  type Task,
  type TrainedMember,
  type TrainingRun,
  type TrainingWork,
} from "@rightsize/core";
import {
  defaultDataLimits,
  foldRows,
  openColumns,
  openPlan,
  type PlanFile,
  planExperiment,
  rawColumnsOfCsv,
  readIdxPair,
  readTable,
} from "@rightsize/data";
import { createEngine, openBundledModel, type Predictions } from "@rightsize/engine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mixedCsv } from "../../../test/support/delivered-cases.ts";
import { examplePlan, exampleSpec } from "../../../test/support/examples.ts";
import { createAssignmentTrainer } from "../src/train-assignment.ts";

let folder: string;
let artifacts: ArtifactStore;
let engine: Engine;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rightsize-evaluation-"));
  artifacts = createFolderArtifacts({ folder: join(folder, "artifacts") });
  engine = await createEngine("onnx");
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const recipe = { ...defaultRecipe, maxEpochs: 6, patience: 6 };
const capacity = { hiddenLayers: 1, nodesPerLayer: 12 };

interface Question {
  readonly target: string;
  readonly task: Task;
  readonly split: SplitSpec;
  readonly features?: Partial<FeatureSpec>;
}
interface Prepared {
  readonly plan: PlanFile;
  readonly work: (runs: readonly TrainingRun[], members: readonly TrainedMember[]) => TrainingWork;
}

async function prepare(columnsPath: string, { target, task, split, features }: Question): Promise<Prepared> {
  const exclude = ["price", "kind", "sold"].filter((name) => name !== target);
  const allFeatures = { ...defaultFeatures, exclude: target === "label" ? [] : exclude, ...features };
  const planned = planExperiment(await openColumns(columnsPath), { target, task, seed: 0, features: allFeatures, split });
  const plan = openPlan(planned.bytes);
  const spec = exampleSpec({ target, task, split, engine: { name: "onnx" }, recipe, features: allFeatures });
  const columnsArtifact = (await artifacts.put(await readFile(columnsPath))).id;
  const { classes, outputs, inputs } = plan;
  const stored = { artifact: (await artifacts.put(planned.bytes)).id, inputs, outputs, classes, folds: plan.folds.length };
  const rest = { spec, plan: examplePlan(stored), columnsArtifact, experimentId: "exp_1", trialNumber: 1, capacity, recipe, trials: [] };
  return { plan, work: (runs, members) => ({ ...rest, runs, members }) as unknown as TrainingWork };
}

const run = (purpose: TrainingRun["purpose"], seed: number, fold: number): TrainingRun => ({
  ...{ runId: `run_${purpose}_${seed}_${fold}` as RunId, purpose, seed, fold, learningRate: 0.02, checkpoints: [] },
});

async function train(work: TrainingWork): Promise<{ readonly results: readonly RunResult[]; readonly answer: Answer | null }> {
  const results: RunResult[] = [];
  let answer: Answer | null = null;
  const deps = { engines: new Map([["onnx", engine]]), artifacts, checkpointEveryMs: 1e9, keptTensorBytes: 2 ** 24, now: () => 0 };
  const observer = {
    onEpochs: () => {},
    onCheckpoint: () => {},
    onRunEnd: async (_: RunId, outcome: { readonly result: RunResult; readonly answer?: Answer }) => {
      results.push(outcome.result);
      answer = outcome.answer ?? answer;
    },
  };
  await createAssignmentTrainer(deps).train(work, observer, new AbortController().signal);
  return { results, answer };
}

/** Networks of these seeds and folds, trained shortly. */
async function membersOf({ work }: Prepared, wanted: readonly (readonly [seed: number, fold: number])[]): Promise<TrainedMember[]> {
  const members: TrainedMember[] = [];
  for (const [seed, fold] of wanted) {
    const [result] = (await train(work([run("fit", seed, fold)], []))).results as [RunResult];
    const { validationLoss, weightsArtifact } = result as { validationLoss: number; weightsArtifact: Sha256 };
    members.push({ trial: 1, capacity, seed, fold, validationLoss, weightsArtifact, result });
  }
  return members;
}

async function finalised({ work }: Prepared, members: readonly TrainedMember[]) {
  const { answer } = await train(work([run("finalise", 0, 0)], members));
  if (answer === null || answer.evaluationArtifact == null) throw new Error("no evaluation");
  const text = new TextDecoder().decode(await artifacts.read(answer.evaluationArtifact));
  return { answer, evaluation: evaluationSchema.parse(JSON.parse(text)) };
}

/** What the bundle of these members predicts for every row of the table. */
async function takenHome(answer: Answer, csv: string): Promise<Predictions> {
  const model = await openBundledModel(await artifacts.read(answer.modelArtifact as Sha256));
  const { columns, rowCount } = rawColumnsOfCsv(model.schema.inputs, csv, 10_000);
  const predictions = await model.predict(columns, rowCount);
  await model.release();
  return predictions;
}
async function valuesTakenHome(answer: Answer, csv: string): Promise<Float64Array> {
  const predictions = await takenHome(answer, csv);
  if (predictions.kind !== "regression") throw new Error("no regression");
  return predictions.values;
}

async function tableOf(rows: number): Promise<{ readonly csv: string; readonly path: string; cell(row: number, column: string): string }> {
  const csv = mixedCsv(rows);
  const path = join(folder, `columns-${rows}`);
  await writeFile(join(folder, "table.csv"), csv);
  await readTable(join(folder, "table.csv"), { name: "table.csv", outputPath: path, limits: defaultDataLimits });
  const [header = "", ...lines] = csv.trimEnd().split("\n");
  const names = header.split(",");
  return {
    ...{ csv, path },
    cell: (row, column) => lines[row]?.replace(/"[^"]*"/, "x").split(",")[names.indexOf(column)] ?? "",
  };
}

const regressionOf = (evaluation: Evaluation) => evaluation as RegressionEvaluation;
const random = { kind: "random", validationFraction: 0.4, testFraction: 0.1, seed: 3, stratify: false } as const;

it("regression: every validation row with its cell and the delivered mean's prediction; residuals and metrics follow", async () => {
  const table = await tableOf(150);
  const prepared = await prepare(table.path, { target: "price", task: "regression", split: random, features: { logTarget: true } });
  const members = await membersOf(prepared, [
    [1, 0],
    [2, 0],
  ]);
  const { answer, evaluation } = await finalised(prepared, members);
  const { pairs, residuals, metrics, worst, notFinite, rows } = regressionOf(evaluation);
  const expected = foldRows(prepared.plan, 0).validation;
  expect(pairs.map(({ row }) => row)).toEqual([...expected]);
  const home = await valuesTakenHome(answer, table.csv);
  for (const { row, actual, predicted } of pairs) {
    expect(actual).toBe(Number(table.cell(row, "price")));
    expect(predicted / (home[row] as number)).toBeCloseTo(1, 5);
  }
  expect(evaluation.members.map(({ seed, rows: asked }) => [seed, asked])).toEqual(
    answer.delivered.members.map(({ seed }) => [seed, expected.length]),
  );
  expect(rows).toMatchObject({ part: "validation", evaluated: expected.length, validation: expected.length });

  const apart = pairs.map(({ actual, predicted }) => predicted - actual).sort((a, b) => a - b);
  const squares = apart.reduce((sum, value) => sum + value ** 2, 0) / apart.length;
  expect((metrics.meanSquaredError ?? 0) / squares).toBeCloseTo(1, 12);
  expect((metrics.meanSquaredError ?? 0) / (answer.validation?.metrics.meanSquaredError ?? 0)).toBeCloseTo(1, 5);
  expect((metrics.r2 ?? 0) / (answer.validation?.metrics.r2 ?? 0)).toBeCloseTo(1, 5);
  expect(residuals.quantiles[0]).toEqual({ share: 0, value: apart[0] });
  expect(residuals.quantiles.at(-1)).toEqual({ share: 1, value: apart.at(-1) });
  expect(residuals.mean).toBeCloseTo(apart.reduce((sum, value) => sum + value, 0) / apart.length, 6);
  expect(residuals.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(apart.length);
  expect(Math.abs((worst[0]?.predicted ?? 0) - (worst[0]?.actual ?? 0))).toBe(Math.max(...apart.map(Math.abs)));
  expect(notFinite).toBe(0);

  // The same question asked by another experiment: the same model and the same evaluation, byte for byte.
  const other: Prepared = { ...prepared, work: (...of) => ({ ...prepared.work(...of), experimentId: "exp_2" as ExperimentId }) };
  const again = await finalised(other, members);
  expect(again.answer.evaluationArtifact).toBe(answer.evaluationArtifact);
  expect(again.answer.modelArtifact).toBe(answer.modelArtifact);
});

it("of more rows than may be kept a sample is drawn, the same each time, and everything else counts them all", async () => {
  const table = await tableOf(2600);
  const split = { ...random, validationFraction: 0.9, testFraction: 0 };
  const prepared = await prepare(table.path, { target: "price", task: "regression", split });
  const members = await membersOf(prepared, [[1, 0]]);
  const first = await finalised(prepared, members);
  const { pairs, rows, residuals, metrics } = regressionOf(first.evaluation);
  const all = foldRows(prepared.plan, 0).validation;
  expect(all.length).toBe(2340);
  expect(new Set(pairs.map(({ row }) => row)).size).toBe(2000);
  expect(pairs.map(({ row }) => row)).toEqual(pairs.map(({ row }) => row).sort((a, b) => a - b));
  expect(rows.evaluated).toBe(2340);
  expect(residuals.histogram.counts.reduce((sum, count) => sum + count, 0)).toBe(2340);
  const home = await valuesTakenHome(first.answer, table.csv);
  const squares = all.reduce((sum, row) => sum + ((home[row] as number) - Number(table.cell(row, "price"))) ** 2, 0) / all.length;
  expect((metrics.meanSquaredError ?? 0) / squares).toBeCloseTo(1, 4);
  expect((await finalised(prepared, members)).answer.evaluationArtifact).toBe(first.answer.evaluationArtifact);
});

it("folds: each row only by networks that it did not train; rows that trained all of them are left out, and said so", async () => {
  const table = await tableOf(90);
  const split = { kind: "folds", folds: 3, testFraction: 0.2, seed: 1, stratify: false } as const;
  const prepared = await prepare(table.path, { target: "price", task: "regression", split });
  const members = await membersOf(prepared, [
    [1, 2],
    [1, 0],
    [2, 0],
  ]);
  const { answer, evaluation } = await finalised(prepared, members);
  expect(answer.delivered.members).toHaveLength(3);
  const { pairs, rows } = regressionOf(evaluation);
  const rowsOfFold = [0, 1, 2].map((fold) => [...foldRows(prepared.plan, fold).validation]);
  const seen = [...(rowsOfFold[0] ?? []), ...(rowsOfFold[2] ?? [])].sort((a, b) => a - b);
  expect(pairs.map(({ row }) => row)).toEqual(seen);
  expect(rows).toMatchObject({ part: "out_of_fold", evaluated: 48, validation: 72 });
  expect(rows.sentence).toContain("48 of 72 rows");
  expect(rows.sentence).toContain("The other 24 rows trained every one of them and are left out.");
  expect(evaluation.members.map(({ fold, rows: asked }) => [fold, asked])).toEqual([
    [2, 24],
    [0, 24],
    [0, 24],
  ]);
  // A model of the members of one fold alone predicts that fold's rows.
  for (const fold of [0, 2]) {
    const own = await finalised(
      prepared,
      members.filter((member) => member.fold === fold),
    );
    const home = await valuesTakenHome(own.answer, table.csv);
    for (const { row, predicted } of pairs.filter((pair) => rowsOfFold[fold]?.includes(pair.row))) {
      expect(predicted / (home[row] as number)).toBeCloseTo(1, 5);
    }
  }
});

it("classes: the confusion matrix, each class, calibration and the mistakes, counted again from the predictions taken home", async () => {
  const table = await tableOf(150);
  const prepared = await prepare(table.path, { target: "kind", task: "classification", split: random });
  const { answer, evaluation } = await finalised(prepared, await membersOf(prepared, [[1, 0]]));
  const { classes, confusion, perClass, calibration, mistakes, metrics, image } = evaluation as ClassificationEvaluation;
  const home = await takenHome(answer, table.csv);
  if (home.kind !== "classification") throw new Error("no classification");
  const rows = [...foldRows(prepared.plan, 0).validation].map((row) => {
    const probabilities = classes.map((_, label) => home.probabilities[row * classes.length + label] as number);
    return { row, actual: table.cell(row, "kind"), predicted: home.labels[row] as string, probabilities };
  });
  expect(classes).toEqual(["a", "b", "c"]);
  expect(confusion).toEqual(
    classes.map((actual) => classes.map((predicted) => rows.filter((row) => row.actual === actual && row.predicted === predicted).length)),
  );
  const wrong = rows.filter(({ actual, predicted }) => actual !== predicted);
  expect(wrong.length, "mistakes to tell").toBeGreaterThan(3);
  for (const [index, { name, actual, predicted, hits, precision, recall }] of perClass.entries()) {
    expect(name).toBe(classes[index]);
    expect(actual).toBe(rows.filter((row) => row.actual === name).length);
    expect(predicted).toBe(rows.filter((row) => row.predicted === name).length);
    expect(hits).toBe(rows.filter((row) => row.actual === name && row.predicted === name).length);
    expect(precision).toBe(predicted === 0 ? null : hits / predicted);
    expect(recall).toBe(hits / actual);
  }
  expect(metrics.accuracy).toBeCloseTo(1 - wrong.length / rows.length, 6);
  expect(metrics.logLoss).toBeCloseTo(answer.validation?.metrics.logLoss ?? 0, 5);

  const certainty = rows.map(({ probabilities }) => Math.max(...probabilities));
  for (const { from, to, rows: count, meanProbability } of calibration.bins) {
    const inside = certainty.filter((value) => value >= from && (value < to || to === 1));
    expect(count).toBe(inside.length);
    if (count > 0) expect(meanProbability).toBeCloseTo(inside.reduce((sum, value) => sum + value, 0) / count, 5);
    else expect(meanProbability).toBeNull();
  }
  expect(mistakes.total).toBe(wrong.length);
  const expectedOf = ({ actual, probabilities }: (typeof rows)[number]) => probabilities[classes.indexOf(actual)] as number;
  const byRow = new Map(wrong.map((row) => [row.row, row]));
  for (const { row, actual, predicted, probabilityOfActual, pixels } of mistakes.worst) {
    expect(byRow.get(row)).toMatchObject({ actual, predicted });
    expect(probabilityOfActual).toBeCloseTo(expectedOf(byRow.get(row) as (typeof rows)[number]), 5);
    expect(pixels).toBeNull();
  }
  expect(mistakes.worst.map(({ probabilityOfActual }) => probabilityOfActual)).toEqual(
    mistakes.worst.map(({ probabilityOfActual }) => probabilityOfActual).sort((a, b) => a - b),
  );
  expect(image).toBeNull();
});

it("images: at most 60 mistakes, each with the bytes of its picture", async () => {
  const size = 200;
  const byte = (at: number) => (at * 7919) % 256;
  const idx = (shape: readonly number[], values: readonly number[]) => {
    const head = Buffer.alloc(4 + 4 * shape.length);
    head[2] = 8;
    head[3] = shape.length;
    shape.forEach((length, index) => {
      head.writeUInt32BE(length, 4 + 4 * index);
    });
    return Buffer.concat([head, Buffer.from(values)]);
  };
  await writeFile(
    join(folder, "images"),
    idx(
      [size, 3, 4],
      Array.from({ length: size * 12 }, (_, at) => byte(at)),
    ),
  );
  // Labels that no picture gives away: many are mistaken.
  await writeFile(
    join(folder, "labels"),
    idx(
      [size],
      Array.from({ length: size }, (_, row) => (row * row) % 5),
    ),
  );
  const path = join(folder, "columns-images");
  await readIdxPair(join(folder, "images"), join(folder, "labels"), { name: "digits", outputPath: path, limits: defaultDataLimits });
  const split = { ...random, validationFraction: 0.8, testFraction: 0 };
  const prepared = await prepare(path, { target: "label", task: "classification", split, features: { exclude: ["p5"] } });
  const { evaluation } = await finalised(prepared, await membersOf(prepared, [[1, 0]]));
  const { mistakes, image } = evaluation as ClassificationEvaluation;
  expect(image).toEqual({ height: 3, width: 4, channels: 1 });
  expect(mistakes.total).toBeGreaterThan(60);
  expect(mistakes.worst).toHaveLength(60);
  for (const { row, pixels } of mistakes.worst) {
    // The pixel that the experiment leaves out is black.
    expect([...Buffer.from(pixels ?? "", "base64")]).toEqual(Array.from({ length: 12 }, (_, at) => (at === 5 ? 0 : byte(row * 12 + at))));
  }
});
