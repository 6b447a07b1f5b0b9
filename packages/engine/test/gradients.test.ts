/** One step of plain gradient descent shows the gradient: it agrees with finite differences of the evaluated loss. */

import type { Engine, LayerWeights } from "@rightsize/core";
import { type Activation, activations, type LossName } from "@rightsize/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngine } from "../src/index.ts";
import { networkFor, sectors, waves } from "./support.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine("onnx");
});
afterAll(() => engine.close());

const cases: readonly { loss: LossName; outputs: number }[] = [
  { loss: "mean_squared_error", outputs: 1 },
  { loss: "mean_absolute_error", outputs: 1 },
  { loss: "huber", outputs: 1 },
  { loss: "cross_entropy", outputs: 3 },
  { loss: "binary_cross_entropy", outputs: 1 },
];

async function check(activation: Activation, loss: LossName, outputs: number, extra: { l2?: number; gradientClipNorm?: number } = {}) {
  const table = outputs > 1 || loss === "binary_cross_entropy" ? sectors(24, Math.max(2, outputs)) : waves(24);
  const recipe = { activation, loss, optimizer: { kind: "sgd", momentum: 0, nesterov: false }, initialScale: 1.3, ...extra } as const;
  const session = await engine.open(networkFor(table, { hiddenLayers: 2, nodesPerLayer: 5 }, recipe, outputs), table, { seed: 5 });
  const rows = Int32Array.from({ length: table.rowCount }, (_, row) => row);
  const start = session.weights();
  const step = 2 ** -6;
  await session.train([{ rows, learningRate: step, step: 1 }]);
  const after = session.weights();
  // gradient seen = (before − after) / rate; gradient expected = central difference
  const seen: number[] = [];
  const expected: number[] = [];
  const h = 2 ** -9;
  for (const [layer, { weights, biases }] of start.entries()) {
    for (const part of ["weights", "biases"] as const) {
      const values = part === "weights" ? weights : biases;
      for (let at = 0; at < values.length; at += 3) {
        const lossAt = async (shift: number) => {
          const moved: LayerWeights[] = structuredClone([...start]);
          const vector = (moved[layer] as LayerWeights)[part];
          vector[at] = (vector[at] as number) + shift;
          session.setWeights(moved);
          return session.evaluate(rows);
        };
        expected.push(
          ((await lossAt(h)) - (await lossAt(-h))) / (2 * h) + (part === "weights" ? (extra.l2 ?? 0) * (values[at] as number) : 0),
        );
        seen.push(((values[at] as number) - ((after[layer] as LayerWeights)[part][at] as number)) / step);
      }
    }
  }
  await session.dispose();
  return { seen, expected };
}
const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
const distance = (a: readonly number[], b: readonly number[]) => norm(a.map((value, at) => value - (b[at] as number))) / norm(b);

describe("the gradient", () => {
  for (const activation of activations) {
    for (const { loss, outputs } of cases) {
      test(`of ${loss} through ${activation} agrees with finite differences`, async () => {
        const { seen, expected } = await check(activation, loss, outputs);
        expect(norm(expected)).toBeGreaterThan(1e-3);
        expect(distance(seen, expected)).toBeLessThan(loss === "mean_absolute_error" ? 0.03 : 0.004);
      });
    }
  }
  test("gains l2 × weight, on weights only", async () => {
    const { seen, expected } = await check("tanh", "mean_squared_error", 1, { l2: 0.3 });
    expect(distance(seen, expected)).toBeLessThan(0.004);
  });
  test("is scaled down to the clipping norm", async () => {
    const free = await check("tanh", "mean_squared_error", 1);
    const clipped = await check("tanh", "mean_squared_error", 1, { gradientClipNorm: 0.01 });
    const ratio = norm(clipped.seen) / norm(free.seen);
    expect(ratio).toBeLessThan(0.1);
    expect(
      distance(
        clipped.seen.map((value) => value / ratio),
        free.seen,
      ),
    ).toBeLessThan(0.002);
  });
});
