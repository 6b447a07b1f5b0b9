/** The graph of small networks holds a network otherwise than the graph of large ones, and trains it the same. */
import { defaultRecipe, type Engine, type StepBatch, type TensorTable } from "@rightsize/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine } from "../src/index.ts";
import { copyIn, copyOut, packedOrder } from "../src/onnx/packed.ts";
import { parameterLayout } from "../src/parameters.ts";
import { networkFor, sectors, waves } from "./support.ts";

let small: Engine;
let large: Engine;
beforeAll(async () => {
  small = await createEngine("onnx");
  large = await createEngine("onnx", { fusing: false });
});
afterAll(() => Promise.all([small.close(), large.close()]));

test("layer by layer, each layer's biases behind its weights, and back", () => {
  const layout = parameterLayout({ inputs: 2, capacity: { hiddenLayers: 1, nodesPerLayer: 2 }, outputs: 1 });
  const order = packedOrder(layout.layers);
  // weights 0–3 and 4–5, biases 6–7 and 8
  const flat = Float32Array.from({ length: layout.count }, (_, at) => at);
  const tensor = new Float32Array(1 + layout.count).fill(-1);
  copyIn(order, flat, tensor, 1);
  expect([...tensor]).toEqual([-1, 0, 1, 2, 3, 6, 7, 4, 5, 8]);
  const back = new Float32Array(layout.count);
  copyOut(order, tensor, 1, back);
  expect(back).toEqual(flat);
});

test.each([
  { hiddenLayers: 0, outputs: 1 },
  { hiddenLayers: 0, outputs: 3 },
  { hiddenLayers: 1, outputs: 1 },
  { hiddenLayers: 1, outputs: 3 },
  { hiddenLayers: 3, outputs: 1 },
])("a penalty, weights and biases as in the graph of large networks: $hiddenLayers hidden layers, $outputs outputs", async (one) => {
  const table = one.outputs === 1 ? waves(24) : sectors(24, one.outputs);
  const nodesPerLayer = one.hiddenLayers === 0 ? 0 : 5;
  const recipe = { l2: 0.3, optimizer: { kind: "sgd", momentum: 0.5, nesterov: false } } as const;
  const network = networkFor(table, { hiddenLayers: one.hiddenLayers, nodesPerLayer }, recipe, one.outputs);
  const [seen, expected] = await Promise.all([small, large].map((engine) => trained(engine, network, table)));
  const distance = Math.max(...(seen?.weights ?? []).map((value, at) => Math.abs(value - (expected?.weights[at] as number))));
  expect(distance).toBeLessThan(1e-6);
  expect(seen?.loss).toBeCloseTo(expected?.loss as number, 6);
});

test("a table that is too large to be copied for its column of ones gives the same bits", async () => {
  const table = waves(24);
  const rowCount = 2 ** 22;
  const x = new Float32Array(rowCount * table.inputs);
  x.set(table.x);
  const y = new Float32Array(rowCount);
  y.set(table.y);
  const network = networkFor(table, { hiddenLayers: 1, nodesPerLayer: 8 }, { optimizer: defaultRecipe.optimizer, batchSize: 8 });
  expect(await trained(small, network, { ...table, rowCount, x, y })).toEqual(await trained(small, network, table));
});

/** Some steps over the first 24 rows, and what they lead to. */
async function trained(engine: Engine, network: ReturnType<typeof networkFor>, table: TensorTable) {
  const session = await engine.open(network, table, { seed: 3 });
  const rows = Int32Array.from({ length: 24 }, (_, row) => row);
  const steps: StepBatch[] = [0, 1, 2].map((index) => ({
    rows: rows.subarray(index * 8, index * 8 + 8),
    learningRate: 0.05,
    step: index + 1,
  }));
  await session.train(steps);
  const weights = session.weights().flatMap((layer) => [...layer.weights, ...layer.biases]);
  const loss = await session.evaluate(rows);
  await session.dispose();
  return { weights, loss };
}
