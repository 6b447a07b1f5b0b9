/** The words in their exact sense: how much evidence each needs. */
import { describe, expect, it } from "vitest";
import { fitAdditiveModel } from "../src/additive-model.ts";
import type { TrialView } from "../src/trials.ts";
import { compare } from "../src/words.ts";
import { outcome } from "./support.ts";

const rule = { band: 0.01, confidence: 0.95 };
const quiet = { deviation: 0.01, weight: 50 };

function trial(number: number, losses: readonly number[], capped = false): TrialView {
  const capacity = { hiddenLayers: number, nodesPerLayer: 8 };
  const runs = losses.map((loss, seed) => ({
    entry: number,
    position: seed,
    outcome: outcome({ purpose: "fit", seed, fold: 0, learningRate: 0.001 }, capacity, loss, { capped }),
  }));
  return { number, capacity, runs, change: {}, repairs: 0, cost: 0 };
}

const verdict = (one: TrialView, other: TrialView, noise = quiet) =>
  compare(one, other, fitAdditiveModel([one, other], noise), rule).verdict;

describe("a comparison says", () => {
  it("better and worse when the difference is surely outside the band", () => {
    expect(verdict(trial(1, [0.9, 0.9]), trial(2, [1, 1]))).toBe("better");
    expect(verdict(trial(1, [1, 1]), trial(2, [0.9, 0.9]))).toBe("worse");
  });
  it("not better when it is surely below 0 but not surely beyond the band", () => {
    const quieter = { deviation: 0.001, weight: 50 };
    expect(verdict(trial(1, [0.991, 0.991]), trial(2, [1, 1]), quieter)).toBe("undecided");
    expect(verdict(trial(1, [0.98, 0.98]), trial(2, [1, 1]), quieter)).toBe("better");
  });
  it("tie when it is surely inside", () => {
    const many = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    expect(verdict(trial(1, many), trial(2, many))).toBe("tie");
  });
  it("undecided otherwise, with the smallest gap that would have shown", () => {
    const [one, other] = [trial(1, [0.99, 1]), trial(2, [1, 1.01])];
    const model = fitAdditiveModel([one, other], quiet);
    const comparison = compare(one, other, model, rule);
    expect(comparison.verdict).toBe("undecided");
    expect(comparison.detectableGap).toBeGreaterThan(Math.abs(comparison.difference));
    // 0.01 + t(0.95, 52) × s: with such a gap it would have been called.
    expect(comparison.detectableGap).toBeCloseTo(0.01 + 1.6747 * model.deviation, 5);
  });
  it("nothing with one run on a side", () => {
    expect(verdict(trial(1, [0.5]), trial(2, [1, 1]))).toBeNull();
  });
  it("capped rather than worse when a side was still improving at its last epoch", () => {
    expect(verdict(trial(1, [1, 1], true), trial(2, [0.5, 0.5]))).toBe("capped");
  });
  it("a false better rarely, when two sizes are equal: the prior's noise is respected", () => {
    const noisy = { deviation: 0.1, weight: 4 };
    expect(verdict(trial(1, [0.93, 0.94]), trial(2, [1, 1.01]), noisy)).toBe("undecided");
  });
});

it("pairs runs of the same seed and fold", () => {
  const [one, other] = [trial(1, [0.9, 0.8, 0.7]), trial(2, [1, 1])];
  const { pairs } = compare(one, other, fitAdditiveModel([one, other], quiet), rule);
  expect(pairs.map(({ seed }) => seed)).toEqual([0, 1]);
  expect(pairs[1]?.difference).toBeCloseTo(Math.log(0.8), 12);
});
