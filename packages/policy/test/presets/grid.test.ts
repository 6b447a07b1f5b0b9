/** The grid: everything, smallest first. */
import { capacityText } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { parseSearch, simulate, summariseTrial, trialTable } from "../../src/index.ts";
import { byCapacity, contextOf, outcome, rowsOf } from "../support.ts";

describe("the grid", () => {
  it("tries every combination once, by parameter count, and answers with the best", () => {
    const context = contextOf("grid", { parameters: { hiddenLayers: [2, 0, 1], nodesPerLayer: [32, 8] } });
    expect(rowsOf(context, byCapacity({ "2×8": 0.3 }, 0.5))).toEqual([
      "linear 0.5 INCREASE_CAPACITY",
      "1×8 0.5 INCREASE_CAPACITY",
      "2×8 0.3 INCREASE_CAPACITY *",
      "1×32 0.5 INCREASE_CAPACITY",
      "2×32 0.5 DONE",
    ]);
  });

  it("fits each network as often as asked, and takes the mean", () => {
    const context = contextOf("grid", { parameters: { hiddenLayers: [1], nodesPerLayer: [8], fits: 3 } });
    const history = simulate(context, (request, { capacity }) => outcome(request, capacity, 0.1 * 2 ** (request.seed - 7)));
    expect(history[0]?.outcomes.map(({ seed }) => seed)).toEqual([7, 8, 9]);
    expect(summariseTrial(history, 1).score).toBeCloseTo(0.2, 12);
  });

  it("probes the learning rates of each network, then fits it as often as asked at the best", () => {
    const recipe = { ...contextOf("grid").recipe, learningRate: { kind: "probe", values: [0.1, 0.001], epochs: 2 } as const };
    const context = contextOf("grid", { recipe, folds: 3, parameters: { hiddenLayers: [1], nodesPerLayer: [8, 16], fits: 2 } });
    const history = simulate(context, (request, { capacity }) => outcome(request, capacity, 0.5 + request.learningRate));
    expect(history.map(({ outcomes }) => outcomes.map(({ purpose, learningRate, fold }) => `${purpose} ${learningRate} ${fold}`))).toEqual([
      ["probe 0.1 1", "probe 0.001 1"],
      ["fit 0.001 0", "fit 0.001 1"],
      ["probe 0.1 1", "probe 0.001 1"],
      ["fit 0.001 0", "fit 0.001 1"],
      [],
    ]);
  });

  it("answers nothing when nothing can be trained", () => {
    const last = simulate(contextOf("grid"), byCapacity({}, null)).at(-1)?.decision;
    expect(last).toMatchObject({ verdict: "nothing_trainable", winner: null });
  });

  it("has 24 networks unless told otherwise", () => {
    const rows = trialTable(simulate(contextOf("grid"), byCapacity({}, 0.5)));
    expect(rows).toHaveLength(24);
    expect(capacityText(rows[23]?.capacity ?? { hiddenLayers: 0, nodesPerLayer: 0 })).toBe("4×512");
  });

  it.each([
    [{ hiddenLayers: [] }, "/search/parameters/hiddenLayers", "at least one number"],
    [{ nodesPerLayer: [8, 8] }, "/search/parameters/nodesPerLayer", "numbers that differ from each other"],
    [{ fits: 0 }, "/search/parameters/fits", "at least 1"],
  ])("refuses %j at %s", (parameters, where, required) => {
    expect(parseSearch({ preset: "grid", parameters })).toMatchObject({ ok: false, issues: [{ where, required }] });
  });
});
