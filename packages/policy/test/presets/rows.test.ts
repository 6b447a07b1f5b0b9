/** Preset `rows`: all runs at once, then done; nobody asks for it by name. */
import { describe, expect, it } from "vitest";
import { parseSearch, policyVersion, presets, simulate, summariseTrial } from "../../src/index.ts";
import { contextOf, outcome } from "../support.ts";

const parameters = {
  capacity: { hiddenLayers: 2, nodesPerLayer: 32 },
  parts: [
    {
      fraction: 1,
      rows: 800,
      runs: [
        { seed: 7, fold: 0, of: 0 },
        { seed: 8, fold: 0, of: 0 },
      ],
    },
    {
      fraction: 0.5,
      rows: 400,
      runs: [
        { seed: 7, fold: 1, of: 0 },
        { seed: 8, fold: 1, of: 0 },
      ],
    },
  ],
};
const context = { ...contextOf("default"), preset: "rows", parameters };

describe("preset rows", () => {
  it("trains one capacity on every part, and answers with it and the whole part's mean", () => {
    const history = simulate(context, (request, { capacity }) => outcome(request, capacity, request.fold === 0 ? 0.25 : 0.5));
    expect(history).toHaveLength(2);
    expect(history[0]?.decision).toMatchObject({
      action: "START_TRIAL",
      capacity: parameters.capacity,
      runs: [
        { purpose: "fit", seed: 7, fold: 0 },
        { purpose: "fit", seed: 8, fold: 0 },
        { purpose: "probe", seed: 7, fold: 1 },
        { purpose: "probe", seed: 8, fold: 1 },
      ],
      reason: "Train 2×32 on 400, 800 training rows, to see what more rows would bring",
    });
    expect(history[1]?.decision).toMatchObject({ action: "FINISH", about: 1, winner: 1, verdict: "converged" });
    expect(summariseTrial(history, 1).score).toBe(0.25);
  });

  it("has no answer where the whole part diverged, and one where a smaller part did", () => {
    const without = (fold: number) =>
      simulate(context, (request, { capacity }) => outcome(request, capacity, request.fold === fold ? null : 0.25)).at(-1)?.decision;
    expect(without(0)).toMatchObject({ winner: null, verdict: "nothing_trainable" });
    expect(without(1)).toMatchObject({ winner: 1, verdict: "converged" });
  });

  it("can't be asked for by name", () => {
    expect(Object.keys(presets)).not.toContain("rows");
    expect(parseSearch({ preset: "rows", parameters })).toMatchObject({ ok: false, issues: [{ where: "/search/preset" }] });
    expect(policyVersion("rows")).toBe("rows/1");
  });
});
