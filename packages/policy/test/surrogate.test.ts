/** The smooth guess: sure where it was measured, unsure far away, and hopeful only where hope is due. */
import { describe, expect, it } from "vitest";
import { expectedImprovement, normalProbability, surrogate } from "../src/surrogate.ts";

const smoothness = { nodesOctaves: 2.5, layers: 1.5, leastDeviation: 0.1 };
const size = (hiddenLayers: number, nodesPerLayer: number) => ({ hiddenLayers, nodesPerLayer });

describe("the surrogate", () => {
  const guess = surrogate(
    [
      { capacity: size(1, 64), level: 0, variance: 1e-6 },
      { capacity: size(2, 128), level: -0.3, variance: 1e-6 },
      { capacity: size(3, 256), level: -0.4, variance: 1e-6 },
    ],
    smoothness,
  );
  it("passes through what was measured without noise", () => {
    expect(guess(size(2, 128)).level).toBeCloseTo(-0.3, 3);
    expect(guess(size(2, 128)).deviation).toBeLessThan(0.01);
  });
  it("is surer near than far", () => {
    expect(guess(size(2, 64)).deviation).toBeLessThan(guess(size(4, 16)).deviation);
  });
  it("trusts a noisy measurement less", () => {
    const noisy = surrogate(
      [
        { capacity: size(1, 64), level: 0, variance: 1 },
        { capacity: size(1, 128), level: -1, variance: 1e-6 },
        { capacity: size(1, 256), level: -1, variance: 1e-6 },
      ],
      smoothness,
    );
    expect(noisy(size(1, 64)).level).toBeLessThan(-0.4);
  });
  it("of one size knows its level everywhere, without being sure", () => {
    const one = surrogate([{ capacity: size(1, 64), level: -0.7, variance: 0.01 }], smoothness);
    expect(one(size(4, 512)).level).toBeCloseTo(-0.7, 9);
    expect(one(size(4, 512)).deviation).toBeGreaterThan(0.1);
  });
});

describe("expected improvement", () => {
  it("is the gain itself where nothing is uncertain, and 0 where there is none", () => {
    expect(expectedImprovement({ level: -0.2, deviation: 0 }, -0.1)).toBeCloseTo(0.1, 12);
    expect(expectedImprovement({ level: 0.2, deviation: 0 }, -0.1)).toBe(0);
  });
  it("is the deviation × 0.3989 at an equal guess", () => {
    expect(expectedImprovement({ level: 0, deviation: 0.5 }, 0)).toBeCloseTo(0.199471140201, 10);
  });
});

it.each([
  [0, 0.5],
  [1, 0.841344746068543],
  [-1.959963984540054, 0.025],
  [3, 0.99865010196837],
  [-8, 0],
])("P(Z ≤ %f) is %f", (z, probability) => {
  expect(normalProbability(z)).toBeCloseTo(probability, 12);
});
