/** Levels, fold effects and noise from runs whose truth is known. */
import { describe, expect, it } from "vitest";
import { fitAdditiveModel } from "../src/additive-model.ts";
import type { TrialView } from "../src/trials.ts";
import { outcome } from "./support.ts";

const prior = { deviation: 0.1, weight: 4 };
const capacity = { hiddenLayers: 1, nodesPerLayer: 8 };

/** A trial whose runs have these log losses, given as [fold, log loss]. */
function trial(number: number, ...runs: readonly (readonly [number, number])[]): TrialView {
  const placed = runs.map(([fold, log], position) => ({
    entry: number,
    position,
    outcome: outcome({ purpose: "fit", seed: position, fold, learningRate: 0.001 }, capacity, Math.exp(log)),
  }));
  return { number, capacity, runs: placed, change: {}, repairs: 0, cost: 0 };
}

describe("with one fold", () => {
  const model = fitAdditiveModel([trial(1, [0, -1], [0, -0.8], [0, -0.9]), trial(2, [0, -1.2])], prior);

  it("levels are means of log losses", () => {
    expect(model.levels.get(1)).toBeCloseTo(-0.9, 12);
    expect(model.levels.get(2)).toBeCloseTo(-1.2, 12);
  });
  it("the variance pools the prior and the squares within trials", () => {
    expect(model.degrees).toBe(6);
    expect(model.deviation ** 2).toBeCloseTo((4 * 0.01 + 0.02) / 6, 12);
  });
  it("a contrast has the standard error of two means", () => {
    const { difference, standardError } = model.contrast(2, 1);
    expect(difference).toBeCloseTo(-0.3, 12);
    expect(standardError).toBeCloseTo(model.deviation * Math.sqrt(1 + 1 / 3), 12);
  });
});

describe("with folds", () => {
  it("a trial that saw only a hard fold is compared fairly", () => {
    // Fold 1 is 0.5 harder; trial 2 is 0.1 better than trial 1 and saw fold 1 alone.
    const model = fitAdditiveModel([trial(1, [0, -1], [1, -0.5]), trial(2, [1, -0.6])], prior);
    expect(model.contrast(2, 1).difference).toBeCloseTo(-0.1, 12);
    // Everything known of the difference comes from fold 1, one run a side.
    expect(model.contrast(2, 1).standardError).toBeCloseTo(model.deviation * Math.sqrt(2), 12);
  });
  it("fold effects cost degrees of freedom, and are no noise", () => {
    const model = fitAdditiveModel([trial(1, [0, -1], [1, -0.5], [2, 0]), trial(2, [0, -1.1], [1, -0.6], [2, -0.1])], prior);
    expect(model.degrees).toBe(4 + 6 - 2 - 2);
    expect(model.deviation ** 2).toBeCloseTo((4 * 0.01) / 6, 12);
  });
  it("trials that share no fold fall back to their own means", () => {
    const model = fitAdditiveModel([trial(1, [0, -1]), trial(2, [1, -0.6])], prior);
    expect(model.contrast(2, 1).difference).toBeCloseTo(0.4, 12);
  });
});

it("a trial without a score has no level and no contrast", () => {
  const diverged = {
    ...trial(2),
    runs: [{ entry: 2, position: 0, outcome: outcome({ purpose: "fit", seed: 0, fold: 0, learningRate: 1 }, capacity, null) }],
  };
  const model = fitAdditiveModel([trial(1, [0, -1]), diverged], prior);
  expect(model.levels.has(2)).toBe(false);
  expect(() => model.contrast(2, 1)).toThrow("one has no score");
});
