/** What a learning curve says: rows, nodes, neither, or nothing that chance couldn't explain. */
import { describe, expect, it } from "vitest";
import { type CurveEvidence, curveVerdict, type Gain } from "../src/index.ts";

const gain = (percent: number, error: number, what = ""): Gain => ({
  gain: -Math.log(1 - percent / 100),
  error: error / 100,
  degrees: 12,
  t: 2.179,
  what,
});
const point = (rows: number) => ({ rows, fraction: 1, validationLoss: 0.2, deviation: 0.05, runs: 3, wanted: 3, reused: 0 });
const evidence = (rows: Gain | null, nodes: Gain | null, band = 0.01): CurveEvidence => ({
  points: [point(257), point(515), point(1030)],
  rows,
  nodes,
  band,
});

describe("the verdict of a learning curve", () => {
  it.each([
    ["rows help, a larger network doesn't", gain(12, 2), gain(-1, 2, "3×256"), "more_rows"],
    ["rows help, no larger network was tried", gain(12, 2), null, "more_rows"],
    ["rows help, and so may nodes", gain(12, 2), gain(11, 2, "3×256"), "undecided"],
    ["nodes help more than rows", gain(2, 1), gain(12, 1, "3×256"), "more_nodes"],
    ["both gains are surely small", gain(0.1, 0.3), gain(0.2, 0.3, "3×256"), "neither"],
    ["the gain of rows is within the noise", gain(6, 5), gain(-1, 5, "3×256"), "undecided"],
    ["rows surely bring nothing, of nodes nothing is known", gain(0.1, 0.3), null, "undecided"],
    ["a part has no score", null, gain(1, 1, "3×256"), "undecided"],
  ])("%s: %s and %s → %s", (_, rows, nodes, verdict) => {
    expect(curveVerdict(evidence(rows, nodes)).verdict).toBe(verdict);
  });

  it("is said with the rows, both gains and their uncertainty", () => {
    expect(curveVerdict(evidence(gain(12, 2), gain(-1, 2, "3×256"))).sentence).toBe(
      "Training on 1,030 rows instead of 515 took 12 % (95 %: 8.1 % to 16 %) off the validation loss; a larger network, 3×256, took nothing off " +
        "(95 %: −5.5 % to 3.3 %): more rows would help more than more nodes, though another doubling usually takes off less than the last.",
    );
    expect(curveVerdict(evidence(gain(12, 2), null)).sentence).toMatch(/; the search tried no larger network: more rows/);
    expect(curveVerdict(evidence(null, null)).sentence).toMatch(/no doubling of rows to go by/);
  });
});
