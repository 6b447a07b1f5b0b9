/** The smooth guess: sure where it was measured, unsure far away, and hopeful only where hope is due. */
import { describe, expect, it } from "vitest";
import { expectedFall, type Guess, normalProbability, normalQuantile, surrogate } from "../src/surrogate.ts";

const smoothness = { nodesOctaves: 2.5, layers: 1.5, leastDeviation: 0.1, ownShare: 0, trendShare: { octave: 0, layer: 0 } };
const size = (hiddenLayers: number, nodesPerLayer: number) => ({ hiddenLayers, nodesPerLayer });
const deviation = ({ covariance }: Guess, place: number) => Math.sqrt(covariance(place, place));

describe("the surrogate", () => {
  const tried = [
    { capacity: size(1, 64), level: 0, variance: 1e-6 },
    { capacity: size(2, 128), level: -0.3, variance: 1e-6 },
    { capacity: size(3, 256), level: -0.4, variance: 1e-6 },
  ];
  const guess = surrogate(tried, [size(2, 128), size(2, 64), size(4, 16), size(1, 64)], smoothness);

  it("passes through what was measured without noise", () => {
    expect(guess.levels[0]).toBeCloseTo(-0.3, 3);
    expect(deviation(guess, 0)).toBeLessThan(0.01);
  });
  it("is surer near than far", () => {
    expect(deviation(guess, 1)).toBeLessThan(deviation(guess, 2));
  });
  it("takes neighbours to rise and fall together", () => {
    expect(guess.covariance(1, 2)).toBeCloseTo(guess.covariance(2, 1), 12);
    const one = surrogate([tried[0] as (typeof tried)[number]], [size(4, 256), size(4, 512), size(1, 16)], smoothness);
    expect(one.covariance(0, 1)).toBeGreaterThan(one.covariance(0, 2));
  });
  it("trusts a noisy measurement less", () => {
    const noisy = surrogate(
      [
        { capacity: size(1, 64), level: 0, variance: 1 },
        { capacity: size(1, 128), level: -1, variance: 1e-6 },
        { capacity: size(1, 256), level: -1, variance: 1e-6 },
      ],
      [size(1, 64)],
      smoothness,
    );
    expect(noisy.levels[0]).toBeLessThan(-0.4);
  });
  it("of one size knows its level everywhere, without being sure", () => {
    const one = surrogate([{ capacity: size(1, 64), level: -0.7, variance: 0.01 }], [size(4, 512)], smoothness);
    expect(one.levels[0]).toBeCloseTo(-0.7, 9);
    expect(deviation(one, 0)).toBeGreaterThan(0.1);
  });
  it("expects a trend to go on, as far as it may be steep", () => {
    const on = (octave: number) =>
      surrogate(tried, [size(3, 512)], { ...smoothness, trendShare: { octave, layer: 0 } }).levels[0] as number;
    expect(on(0.5)).toBeLessThan(on(0) - 0.02);
  });
  it("grants each size something of its own, which its neighbours say nothing of", () => {
    const own = surrogate(tried, [size(2, 64)], { ...smoothness, ownShare: 0.2 });
    expect(deviation(own, 0)).toBeGreaterThan(deviation(guess, 1));
  });
});

describe("the expected fall", () => {
  /** Places that share nothing. */
  const apart = (levels: readonly number[], variances: readonly number[]): Guess => ({
    levels,
    covariance: (one, other) => (one === other ? (variances[one] as number) : 0),
  });

  it("of a place never tried, as likely better as worse, is 0.3989 of its deviation", () => {
    expect(expectedFall(apart([0, 0], [0, 0.25]), 1, [0], 0)).toBeCloseTo(0.5 * 0.398942, 2);
  });
  it("is less the noisier the fit, and nothing where nothing is open", () => {
    const guess = apart([0, 0], [0, 0.25]);
    expect(expectedFall(guess, 1, [0], 0.5)).toBeLessThan(expectedFall(guess, 1, [0], 0.1));
    expect(expectedFall(guess, 0, [0], 0)).toBe(0);
  });
  it("of one more fit of the best is large where a rival is near, and nothing where none is", () => {
    expect(expectedFall(apart([0, 0.01], [0.01, 0.01]), 0, [0, 1], 0.1)).toBeGreaterThan(0.02);
    expect(expectedFall(apart([0, 5], [0.01, 0.01]), 0, [0, 1], 0.1)).toBeCloseTo(0, 9);
  });
  it("is nothing for a place that is surely worse", () => {
    expect(expectedFall(apart([0, 3], [0.01, 0.01]), 1, [0], 0.1)).toBe(0);
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
it("the normal quantile undoes the probability", () => {
  for (const z of [-2.5, -0.3, 0, 1, 2.2]) expect(normalQuantile(normalProbability(z))).toBeCloseTo(z, 9);
});
