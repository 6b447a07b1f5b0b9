/** The bundle to take home: what is in it, and that other processes (ours, plain onnxruntime-node, Python) predict what the service does. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultRecipe, type TrainingWork } from "@rightsize/core";
import { rawColumnsOfCsv, rawColumnsOfRows } from "@rightsize/data";
import { openBundledModel, readBundle } from "@rightsize/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuiltCase, buildCase, type DeliveredCase, deliveredCases, largestDifference } from "../../../test/support/delivered-cases.ts";
import { findPython } from "../../../test/support/python.ts";
import { modelBundle } from "../src/bundle/bundle.ts";
import type { CardAnswer } from "../src/bundle/model-card.ts";
import { typicalRow } from "../src/bundle/typical-row.ts";
import type { MemberModel } from "../src/delivered-model.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const tsx = createRequire(import.meta.url).resolve("tsx");
const nodeArguments = ["--conditions=source", "--import", tsx];
const chosen = [
  "a single network",
  "a log target",
  "a mean over sizes and folds",
  "a mean of classes over folds",
  "two classes by one output",
];
const cases = deliveredCases.filter(({ name }) => chosen.includes(name));
const found = findPython();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rightsize-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** The bundle as `finalise` makes it of trained members, with scores that are made up. */
function bundleOf({ name, target, task, members, recipe }: DeliveredCase, { plan, members: networks }: BuiltCase): Uint8Array {
  const delivered = members.map(({ capacity, fold }, index) => ({
    trial: index + 1,
    capacity,
    seed: index,
    fold,
    validationLoss: 0.5 + index,
  }));
  const models = networks.map(({ network, weights }, index) => ({
    member: delivered[index],
    network,
    weights,
    prepared: { plan },
  })) as unknown as readonly MemberModel[];
  const scores = { loss: 0.5, metrics: task === "regression" ? { meanSquaredError: 123_456.7 } : { logLoss: 0.4 } };
  const work = {
    experimentId: "exp_1",
    spec: {
      ...{ name, target, task, dataset: "d".repeat(64), features: plan.features, seed: 0, limits: {}, delivery: { kind: "single" } },
      ...{ split: { kind: "rows", training: [1, 2], validation: [3], test: [] }, search: { preset: "course", parameters: {} } },
      engine: { name: "onnx" },
    },
    plan: {
      ...{ artifact: "e".repeat(64), trainingRows: 50, validationRows: 22, testRows: 18, folds: plan.folds.length, droppedRows: 0 },
      ...{
        featureColumns: ["size"],
        warnings: ["leak: 3 rows train and validate"],
        leftOut: [{ name: "id", reason: "An identifier." }],
        classes: plan.classes,
        inputs: plan.inputs,
      },
    },
    recipe: { ...defaultRecipe, ...recipe },
    trials: [
      {
        ...{ number: 1, capacity: { hiddenLayers: 2, nodesPerLayer: 20 }, parameterCount: 777, score: 0.5, metrics: scores.metrics },
        ...{ nextStep: "DONE", verdict: null, winner: true },
      },
    ],
  } as unknown as TrainingWork;
  const answer: CardAnswer = {
    ...{ trial: 1, capacity: { hiddenLayers: 2, nodesPerLayer: 20 }, validation: scores, test: scores, beatsMean: true },
    delivered: { kind: members.length === 1 ? "single" : "mean_of_best", members: delivered },
    single: { validation: scores, test: null },
    baselines: [{ name: "mean", validation: { loss: 1, metrics: {} }, test: null }],
    sentence: "The right size is 2×20.",
  };
  return modelBundle(work, models, answer, { engineFingerprint: "onnx graph-2", node: "v20.0.0" });
}

describe("what is in it", () => {
  it("a single network: equal bytes each time, every file with its sum, a card that tells the whole", async () => {
    const example = cases[0] as DeliveredCase;
    const built = await buildCase(example);
    const bytes = bundleOf(example, built);
    expect(Buffer.from(bundleOf(example, built)).equals(Buffer.from(bytes))).toBe(true);
    const files = readBundle(bytes);
    expect([...files.keys()].sort()).toEqual([
      ...["README.md", "model-card.json", "model-card.md", "model.onnx", "pipeline.json", "tfjs/model.json", "tfjs/weights.bin"],
    ]);
    const card = JSON.parse(text(files.get("model-card.json")));
    expect(card).toMatchObject({
      format: "rightsize-model-card/1",
      data: { sha256: "d".repeat(64), trainingRows: 50 },
      question: { target: "price", split: { kind: "rows", training: 2 } },
      trials: [{ number: 1, nextStep: "DONE" }],
      versions: { engineFingerprint: "onnx graph-2" },
    });
    const markdown = text(files.get("model-card.md"));
    expect(markdown).toContain("| 1 | 2 | 20 | 777 | 123460 | Done (chosen) |");
    expect(markdown).toContain("- Left out id: An identifier.");
    expect(markdown).toContain("- Warning: leak: 3 rows train and validate");
    expect(JSON.parse(text(files.get("pipeline.json")))).toMatchObject({
      format: "rightsize-pipeline/1",
      inputs: [{ name: "size", holds: "number", tensor: "float64" }, {}, {}, { name: "day", holds: "date" }, { tensor: "string" }, {}, {}],
      outputs: { kind: "regression", prediction: "prediction" },
      members: [{ layersModel: "tfjs" }],
    });
  });

  it("a mean of networks: a layers model of each", async () => {
    const example = deliveredCases.find(({ name }) => name === "a mean over sizes and folds") as DeliveredCase;
    const names = [...readBundle(bundleOf(example, await buildCase(example))).keys()];
    expect(names.filter((name) => name.endsWith("weights.bin"))).toEqual([1, 2, 3, 4].map((member) => `tfjs/member-${member}/weights.bin`));
  });
});

describe("loaded again in another process it predicts what the service predicts", () => {
  it.each(cases)("$name", async (example) => {
    const built = await buildCase(example);
    const [zip, csv] = [join(folder, "model.zip"), join(folder, "rows.csv")];
    writeFileSync(zip, bundleOf(example, built));
    writeFileSync(csv, built.csv);
    const child = fileURLToPath(new URL("./reload-child.ts", import.meta.url));
    const actual = JSON.parse(execFileSync(process.execPath, [...nodeArguments, child, zip, csv], { encoding: "utf8" })) as number[];
    expect(actual).toHaveLength(built.expected.length);
    expect(largestDifference(actual, built.expected)).toBeLessThan(1e-6);
  });
});

/** The README's program in one language, and a folder with the bundle's files to run it in. */
function unpacked(bytes: Uint8Array, language: string): { readonly folder: string; readonly program: string } {
  const own = mkdtempSync(join(folder, "unpacked-"));
  for (const [name, content] of readBundle(bytes)) {
    mkdirSync(dirname(join(own, name)), { recursive: true });
    writeFileSync(join(own, name), content);
  }
  const program = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text(readBundle(bytes).get("README.md")))?.[1];
  if (program === undefined) throw new Error(`the README has no program in ${language}`);
  return { folder: own, program };
}

/** What the service says of the README's example row. */
async function typicalAnswer(bytes: Uint8Array, example: DeliveredCase, { plan }: BuiltCase): Promise<number[]> {
  const model = await openBundledModel(bytes);
  const row = typicalRow(plan.folds[example.members[0]?.fold ?? 0]?.columns ?? []);
  const answer = await model.predict(rawColumnsOfRows(model.schema.inputs, [row], 1).columns, 1);
  await model.release();
  return Array.from(answer.kind === "regression" ? answer.values : answer.probabilities);
}

const numbersAfter = (word: string, printed: string) =>
  (new RegExp(`^${word} ([^a-z]*)`, "m").exec(printed)?.[1] ?? "")
    .split(/[^-+0-9.e]+/)
    .flatMap((part) => (part === "" ? [] : [Number(part)]));

describe("the README's programs", () => {
  const examples = cases.filter(({ name }) => name === "a log target" || name === "a mean of classes over folds");
  it.each(examples)("in TypeScript: $name", async (example) => {
    const built = await buildCase(example);
    const bytes = bundleOf(example, built);
    const { folder: own, program } = unpacked(bytes, "ts");
    writeFileSync(join(own, "predict.mts"), program);
    symlinkSync(join(root, "node_modules"), join(own, "node_modules"));
    const printed = execFileSync(process.execPath, ["--import", tsx, "predict.mts"], { cwd: own, encoding: "utf8" });
    const actual = numbersAfter(example.task === "regression" ? "prediction" : "probabilities", printed);
    expect(largestDifference(actual, await typicalAnswer(bytes, example, built))).toBeLessThan(1e-6);
  });

  it.skipIf("missing" in found).each(examples)("in Python: $name", async (example) => {
    const built = await buildCase(example);
    const bytes = bundleOf(example, built);
    const { folder: own, program } = unpacked(bytes, "python");
    const printed = execFileSync("python" in found ? found.python : "", ["-c", program], { cwd: own, encoding: "utf8" });
    const actual = numbersAfter(example.task === "regression" ? "prediction" : "probabilities", printed);
    expect(largestDifference(actual, await typicalAnswer(bytes, example, built))).toBeLessThan(1e-6);
  });
});

describe.skipIf("missing" in found)(`Python's onnxruntime${"missing" in found ? ` (skipped: ${found.missing})` : ""}`, () => {
  it.each(cases)("predicts what the service predicts: $name", async (example) => {
    const built = await buildCase(example);
    const bytes = bundleOf(example, built);
    const { folder: own } = unpacked(bytes, "python");
    const { schema, ...model } = await openBundledModel(bytes);
    await model.release();
    const { columns } = rawColumnsOfCsv(schema.inputs, built.csv, 10_000);
    const cells = schema.inputs.map(({ name }, index) => {
      const column = columns[index];
      return [name, column?.kind === "numbers" ? Array.from(column.values) : (column?.texts ?? [])];
    });
    // JSON writes NaN as null, which is a gap there too.
    writeFileSync(join(own, "columns.json"), JSON.stringify(Object.fromEntries(cells)));
    const script = join(root, "test/python/predict.py");
    const printed = execFileSync("python" in found ? found.python : "", [script, "model.onnx", "columns.json"], {
      cwd: own,
      encoding: "utf8",
    });
    const answer = JSON.parse(printed) as Record<string, (number | string)[][]>;
    const actual = (answer[example.task === "regression" ? "prediction" : "probabilities"] ?? []).flat() as number[];
    expect(actual).toHaveLength(built.expected.length);
    expect(largestDifference(actual, built.expected)).toBeLessThan(1e-6);
  });
});
