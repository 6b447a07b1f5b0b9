/** Weights as bytes: the same bits back, the same bytes for the same weights, damage seen. */
import { expect, test } from "vitest";
import { deserialiseWeights, initialWeights, serialiseWeights } from "../src/index.ts";
import { networkFor, waves } from "./support.ts";

const layers = initialWeights(networkFor(waves(4), { hiddenLayers: 2, nodesPerLayer: 5 }), 3);

test("weights come back bit for bit, also those that are no ordinary numbers", () => {
  const odd = [{ weights: Float32Array.of(Number.NaN, -0, 1e-40, Number.POSITIVE_INFINITY), biases: Float32Array.of(1.5, -2) }];
  expect(deserialiseWeights(serialiseWeights(odd))).toEqual(odd);
  expect(deserialiseWeights(serialiseWeights(layers))).toEqual(layers);
});
test("equal weights give equal bytes", () => {
  expect(serialiseWeights(layers)).toEqual(serialiseWeights(structuredClone(layers)));
});
test("one flipped bit, or a missing byte, is seen", () => {
  const bytes = serialiseWeights(layers);
  const flipped = Uint8Array.from(bytes);
  flipped[60] = (flipped[60] as number) ^ 1;
  expect(() => deserialiseWeights(flipped)).toThrow(/no undamaged weights/);
  expect(() => deserialiseWeights(bytes.subarray(0, -1))).toThrow(/no undamaged weights/);
});
test("auto draws weights and biases between ±1 / √fan-in, both", () => {
  const [first] = initialWeights(networkFor(waves(4), { hiddenLayers: 1, nodesPerLayer: 4000 }), 1);
  const bound = 1 / Math.sqrt(3);
  for (const drawn of [first?.weights, first?.biases]) {
    const largest = (drawn ?? new Float32Array(0)).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    expect(largest).toBeGreaterThan(bound * 0.999);
  }
});
test("He's bound is √(6 / fan-in), and biases start at 0", () => {
  const [first] = initialWeights(networkFor(waves(4), { hiddenLayers: 1, nodesPerLayer: 4000 }, { initialisation: "he" }), 1);
  const bound = Math.sqrt(6 / 3);
  const largest = (first?.weights ?? new Float32Array(0)).reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  expect(largest).toBeLessThanOrEqual(Math.fround(bound));
  expect(largest).toBeGreaterThan(bound * 0.999);
  expect(first?.biases.every((bias) => bias === 0)).toBe(true);
});
