/** The delivered model as one ONNX graph: it predicts what the service's own tensors and networks predict. */
import { defaultRecipe, type LayerWeights, type NetworkSpec } from "@rightsize/core";
import { type PlanFile, rawColumnsOfCsv, rawColumnsOfRows, transformRows } from "@rightsize/data";
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { io, tensor2d } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { buildCase, deliveredCases, largestDifference, mixedRows } from "../../../test/support/delivered-cases.ts";
import {
  buildDeliveredModel,
  createEngine,
  deliveredSchema,
  initialWeights,
  layersModel,
  openDeliveredModel,
  predictRows,
  readBundle,
  writeBundle,
} from "../src/index.ts";

/** What the model itself says, whatever the task: values or probabilities. */
async function askModel(
  bytes: Uint8Array,
  plan: PlanFile,
  columns: Parameters<Awaited<ReturnType<typeof openDeliveredModel>>["predict"]>[0],
) {
  const model = await openDeliveredModel(bytes, deliveredSchema(plan));
  const [first] = columns;
  const rowCount = first?.kind === "numbers" ? first.values.length : (first?.texts.length ?? 0);
  const answer = await model.predict(columns, rowCount);
  await model.release();
  return answer;
}

describe("the delivered model predicts what the service predicts", () => {
  it.each(deliveredCases)("$name, for the table that it was planned on", async (example) => {
    const { plan, members, csv, expected } = await buildCase(example);
    expect(new Set(plan.folds[0]?.columns.map(({ holds }) => holds))).toEqual(new Set(["number", "boolean", "date", "category"]));
    const schema = deliveredSchema(plan);
    const { columns, rowCount } = rawColumnsOfCsv(schema.inputs, csv, 1000);
    expect(rowCount).toBe(plan.rowCount);
    const answer = await askModel(buildDeliveredModel(plan, members), plan, columns);
    const actual = answer.kind === "regression" ? answer.values : answer.probabilities;
    expect(actual).toHaveLength(expected.length);
    expect(largestDifference(actual, expected)).toBeLessThan(1e-6);
    if (answer.kind === "classification") {
      const width = plan.classes.length;
      const best = answer.labels.map((_, row) => {
        const shares = Array.from(answer.probabilities.subarray(row * width, (row + 1) * width));
        return plan.classes[shares.indexOf(Math.max(...shares))];
      });
      expect(answer.labels).toEqual(best);
    }
  });

  it.each(deliveredCases)("$name, for categories, gaps, dates and numbers never seen before", async (example) => {
    const { plan, members } = await buildCase(example);
    const engine = await createEngine("onnx");
    const width = example.task === "regression" ? 1 : plan.classes.length;
    const expected = new Float64Array(mixedRows.length * width);
    for (const { network, weights, fold } of members) {
      const target = plan.folds[fold]?.target ?? { mean: 0, deviation: 1 };
      const tensors = transformRows(plan, mixedRows, fold);
      const all = Int32Array.from(mixedRows, (_, row) => row);
      (await predictRows(engine, network, tensors, weights, all)).forEach((value, at) => {
        expected[at] =
          (expected[at] as number) + (example.task === "regression" ? value * target.deviation + target.mean : value) / members.length;
      });
    }
    await engine.close();
    const { columns } = rawColumnsOfRows(deliveredSchema(plan).inputs, mixedRows, 1000);
    const answer = await askModel(buildDeliveredModel(plan, members), plan, columns);
    const actual = answer.kind === "regression" ? answer.values : answer.probabilities;
    const log = plan.folds[0]?.target.log === true;
    expect(largestDifference(actual, log ? expected.map(Math.exp) : expected)).toBeLessThan(1e-6);
  });
});

/** A plan of one column, whose single feature is the number itself. */
function numberPlan(name: string, features: number): PlanFile {
  const feature = { take: { kind: "value", fill: 0 }, center: 0, scale: 1 } as const;
  return {
    ...{
      version: 1,
      rowCount: 1,
      target: "y",
      task: "regression",
      image: null,
      inputs: 1,
      outputs: 1,
      classes: [],
      roles: new Uint8Array(1),
    },
    features: { include: null, exclude: [], scale: "none", maxCategories: 2, logTarget: false },
    folds: [
      {
        columns: [{ name, holds: "number", width: 1, features: features === 1 ? [feature] : [] }],
        target: { mean: 10, deviation: 2, log: false },
        classWeights: [],
      },
    ],
  };
}
const linear: NetworkSpec = {
  ...{
    inputs: 1,
    outputs: 1,
    capacity: { hiddenLayers: 0, nodesPerLayer: 0 },
    task: "regression",
    recipe: defaultRecipe,
    classWeights: null,
  },
};
const line: readonly LayerWeights[] = [{ weights: Float32Array.of(3), biases: Float32Array.of(0.5) }];

describe("names and corners", () => {
  it.each(["prediction", "rightsize/Add_0", "größe, µm"])("a column may be called %s", async (name) => {
    const plan = numberPlan(name, 1);
    const { columns } = rawColumnsOfRows(deliveredSchema(plan).inputs, [{ [name]: 7 }], 10);
    const answer = await askModel(buildDeliveredModel(plan, [{ network: linear, weights: line, fold: 0 }]), plan, columns);
    expect(answer).toEqual({ kind: "regression", values: Float64Array.of((3 * 7 + 0.5) * 2 + 10) });
  });

  it("a fold whose columns didn't vary predicts by its biases", async () => {
    const plan = numberPlan("a", 0);
    const { columns } = rawColumnsOfRows(deliveredSchema(plan).inputs, [{ a: 7 }, { a: null }], 10);
    const answer = await askModel(buildDeliveredModel(plan, [{ network: linear, weights: line, fold: 0 }]), plan, columns);
    expect(answer).toEqual({ kind: "regression", values: Float64Array.of(11, 11) });
  });
});

describe("parts of dates", () => {
  const dayMs = 86_400_000;
  it.each(["days", "month", "day", "weekday", "hour"] as const)("%s of every day of 250 years", async (part) => {
    const plain = numberPlan("when", 1);
    const features = [{ take: { kind: "part", part, fill: 0 }, center: 0, scale: 1 }] as const;
    const plan: PlanFile = {
      ...plain,
      folds: [
        { columns: [{ name: "when", holds: "date", width: 1, features }], target: { mean: 0, deviation: 1, log: false }, classWeights: [] },
      ],
    };
    const rows = Array.from({ length: 250 * 365 }, (_, day) => ({ when: (day - 150 * 365) * dayMs + (day % 24) * 3_600_000 }));
    const { columns } = rawColumnsOfRows(deliveredSchema(plan).inputs, rows, rows.length);
    const same = [{ weights: Float32Array.of(1), biases: Float32Array.of(0) }];
    const answer = await askModel(buildDeliveredModel(plan, [{ network: linear, weights: same, fold: 0 }]), plan, columns);
    expect(answer.kind === "regression" && Float32Array.from(answer.values)).toEqual(transformRows(plan, rows).x);
  });
});

describe("as a TensorFlow.js layers model", () => {
  it.each([
    ["relu", "auto"],
    ["tanh", "auto"],
    ["sigmoid", "auto"],
    ["leaky_relu", "auto"],
    ["elu", "auto"],
    ["gelu", "auto"],
    ["linear", "huber"],
    ["relu", "cross_entropy"],
    ["relu", "binary_cross_entropy"],
  ] as const)("a network of %s with the loss %s gives the same outputs", async (activation, loss) => {
    const classifies = loss === "cross_entropy" || loss === "binary_cross_entropy";
    const network: NetworkSpec = {
      inputs: 3,
      outputs: loss === "cross_entropy" ? 4 : 1,
      capacity: { hiddenLayers: 2, nodesPerLayer: 9 },
      task: classifies ? "classification" : "regression",
      recipe: { ...defaultRecipe, activation, loss },
      classWeights: null,
    };
    const weights = initialWeights(network, 5).map((layer) => ({ ...layer, biases: layer.biases.map((_, at) => at / 10 - 0.2) }));
    const x = Float32Array.from({ length: 30 }, (_, at) => Math.sin(at) * 2);
    const engine = await createEngine("onnx");
    const rows = Int32Array.from({ length: 10 }, (_, row) => row);
    const expected = await predictRows(engine, network, { rowCount: 10, inputs: 3, x, y: new Float32Array(10) }, weights, rows);
    await engine.close();
    const files = layersModel(network, weights);
    const { modelTopology, weightsManifest } = JSON.parse(files.json);
    const model = await layers.loadLayersModel(
      io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData: new Uint8Array(files.weights).buffer }),
    );
    const actual = await (model.predict(tensor2d(x, [10, 3])) as ReturnType<typeof tensor2d>).data();
    const wanted = loss === "binary_cross_entropy" ? expected.filter((_, at) => at % 2 === 1) : expected;
    expect(largestDifference(actual, wanted)).toBeLessThan(1e-5);
  });
});

describe("a bundle", () => {
  const files = new Map<string, Uint8Array | string>([
    ["model.onnx", Uint8Array.of(1, 2, 3)],
    ["sub/a.txt", "text"],
  ]);
  it("gives its files back, with their sums, in equal bytes", () => {
    const bytes = writeBundle(files);
    expect(Buffer.from(writeBundle(new Map([...files].reverse()))).equals(Buffer.from(bytes))).toBe(true);
    const back = readBundle(bytes);
    expect([...back.keys()].sort()).toEqual(["model.onnx", "sub/a.txt"]);
    expect(new TextDecoder().decode(back.get("sub/a.txt"))).toBe("text");
  });
  it("tells damage, a missing file, and what is no bundle", () => {
    const bytes = writeBundle(files);
    const at = Buffer.from(bytes).indexOf(Buffer.of(1, 2, 3));
    const damaged = bytes.slice();
    damaged[at] = 9;
    expect(() => readBundle(damaged)).toThrow("model.onnx is damaged");
    expect(() => readBundle(bytes, ["pipeline.json"])).toThrow("pipeline.json is missing");
    expect(() => readBundle(new TextEncoder().encode('{"format":"rightsize-model/1"}'))).toThrow("it is no zip file");
  });
});
