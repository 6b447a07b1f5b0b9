/** The ONNX engine against PyTorch in float64: single steps of every combination, and whole trajectories where they are a fair test. */
import { readFileSync } from "node:fs";
import {
  type Activation,
  defaultRecipe,
  type Engine,
  type LossName,
  type NetworkSpec,
  type Optimizer,
  type TensorTable,
} from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine } from "../src/index.ts";
import { parameterLayout, unflatten } from "../src/parameters.ts";

interface GoldenStep {
  readonly step: number;
  readonly loss: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}
interface GoldenCase {
  readonly activation: Activation;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly l2?: number;
  readonly gradientClipNorm?: number;
  readonly classWeights?: readonly number[];
  readonly steps: readonly GoldenStep[];
  readonly losses: readonly number[] | null;
}
interface Golden {
  readonly cases: readonly GoldenCase[];
  readonly inputs: number;
  readonly nodes: number;
  readonly layers: number;
  readonly rows: number;
  readonly batch: number;
  readonly x: string;
  readonly targets: Readonly<Record<"number" | "two" | "three", string>>;
  readonly start: Readonly<Record<string, string>>;
}
const golden = JSON.parse(readFileSync(new URL("../../../test/fixtures/engine/golden.json", import.meta.url), "utf8")) as Golden;
const vector = (text: string | undefined) => new Float32Array(Uint8Array.from(Buffer.from(text ?? "", "base64")).buffer);

const graphs = ["the graph of small networks", "the graph of large ones"] as const;
type GraphName = (typeof graphs)[number];
const engines = new Map<GraphName, Engine>();
beforeAll(async () => {
  for (const name of graphs) engines.set(name, await createEngine("onnx", { fusing: name === graphs[0] }));
});
afterAll(async () => {
  for (const engine of engines.values()) await engine.close();
});

function open(graph: GraphName, one: GoldenCase) {
  const classifies = one.loss === "cross_entropy" || one.loss === "binary_cross_entropy";
  const y = vector(one.loss === "cross_entropy" ? golden.targets.three : classifies ? golden.targets.two : golden.targets.number);
  const table: TensorTable = { rowCount: golden.rows, inputs: golden.inputs, x: vector(golden.x), y };
  const network: NetworkSpec = {
    inputs: golden.inputs,
    outputs: one.loss === "cross_entropy" ? 3 : 1,
    capacity: { hiddenLayers: golden.layers, nodesPerLayer: golden.nodes },
    task: classifies ? "classification" : "regression",
    recipe: {
      ...defaultRecipe,
      activation: one.activation,
      loss: one.loss,
      optimizer: one.optimizer,
      batchSize: golden.batch,
      l2: one.l2 ?? 0,
      gradientClipNorm: one.gradientClipNorm ?? null,
    },
    classWeights: one.classWeights ?? null,
  };
  const engine = engines.get(graph) as Engine;
  return engine.open(network, table, { seed: 1 }).then((session) => ({ session, layout: parameterLayout(network) }));
}
/** Step t (from 1) trains rows (batch × (t − 1) + j) mod rows. */
function stepOf(one: GoldenCase, step: number) {
  const rows = Int32Array.from({ length: golden.batch }, (_, j) => (golden.batch * (step - 1) + j) % golden.rows);
  return { rows, learningRate: one.learningRate, step };
}
/** The engine keeps Adam's moments divided by (1 − β). */
function momentScales(optimizer: Optimizer): readonly number[] {
  return optimizer.kind === "sgd" ? [1, 1] : [1, 1 - optimizer.beta1, 1 - optimizer.beta2];
}
function relativeError(seen: Float32Array, expected: Float32Array): number {
  let error = 0;
  let size = 0;
  for (let at = 0; at < expected.length; at++) {
    error += ((seen[at] as number) - (expected[at] as number)) ** 2;
    size += (expected[at] as number) ** 2;
  }
  return Math.sqrt(error / size);
}
const nameOf = (one: GoldenCase) => {
  const { optimizer: o } = one;
  const extras = [one.l2 && "L2", one.gradientClipNorm && "clipping", one.classWeights && "class weights"].filter(Boolean).join(", ");
  return `${one.activation}, ${one.loss}, ${o.kind === "sgd" ? (o.momentum === 0 ? "sgd" : o.nesterov ? "nesterov" : "momentum") : o.kind}${extras === "" ? "" : `, ${extras}`}`;
};

describe.each(graphs)("%s: single steps restarted from PyTorch's states agree to 1e-5", (graph) => {
  test.each(golden.cases.map((one) => [nameOf(one), one] as const))("%s", async (_name, one) => {
    const { session, layout } = await open(graph, one);
    const scales = momentScales(one.optimizer);
    for (const step of one.steps) {
      const before = step.before.map((text, index) => vector(text).map((value) => value / (scales[index] as number)));
      const state = new Float32Array(before.length * layout.count);
      for (const [index, part] of before.entries()) state.set(part, index * layout.count);
      session.importState(new Uint8Array(state.buffer));
      const [loss] = await session.train([stepOf(one, step.step)]);
      expect(Math.abs((loss as number) - step.loss) / step.loss).toBeLessThan(1e-5);
      const bytes = session.exportState();
      const after = new Float32Array(bytes.buffer);
      for (const [index, text] of step.after.entries()) {
        const seen = after.subarray(index * layout.count, (index + 1) * layout.count).map((value) => value * (scales[index] as number));
        expect(relativeError(seen, vector(text))).toBeLessThan(1e-5);
      }
    }
    await session.dispose();
  });
});

describe.each(graphs)("%s: 200 steps stay within 1e-5 of PyTorch's losses", (graph) => {
  const fair = golden.cases.filter((one) => one.losses !== null);
  test("most combinations are a fair test", () => {
    expect(fair.length).toBeGreaterThan(golden.cases.length * 0.8);
  });
  test.each(fair.map((one) => [nameOf(one), one] as const))("%s", async (_name, one) => {
    const { session, layout } = await open(graph, one);
    session.setWeights(unflatten(layout, vector(golden.start[one.loss === "cross_entropy" ? "3" : "1"])));
    const losses = await session.train(Array.from({ length: 200 }, (_, index) => stepOf(one, index + 1)));
    for (const [index, expected] of (one.losses ?? []).entries())
      expect(Math.abs((losses[index * 10 + 9] as number) - expected)).toBeLessThan(1e-5);
    await session.dispose();
  });
});
