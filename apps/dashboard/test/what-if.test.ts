/** "What if": parameters as fields and back, the question that they make, the new experiment, and both tables row by row. */
import { experimentRequestSchema, type TrialView } from "@rightsize/contract";
import { courseRecipe } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { stripGeometry } from "../src/plots/strip-geometry.ts";
import { continuation, leavesOf, noChange, replayRequestOf, sideBySide, withLeaves } from "../src/what-if.ts";

const parameters = { nodes: [100, 250], layerCeiling: 8, stepBack: { factor: 0.8, count: 1 }, none: {} };
const spec = {
  name: "Wages",
  dataset: "ab".repeat(32),
  target: "wage",
  task: "regression",
  features: { include: null, exclude: [], scale: "standard", maxCategories: 32, logTarget: false },
  split: { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false },
  search: { preset: "course", parameters },
  recipe: courseRecipe,
  engine: { name: "onnx" },
  limits: { maxTrials: null, maxParameterCount: null },
  delivery: { kind: "single" },
  seed: 0,
};

describe("a search's parameters as fields", () => {
  it("are every value, named by its path", () => {
    expect(leavesOf(parameters).map(({ path, text }) => `${path}=${text}`)).toEqual([
      "nodes=[100,250]",
      "layerCeiling=8",
      "stepBack.factor=0.8",
      "stepBack.count=1",
      "none={}",
    ]);
  });

  it("change one by one; what is no JSON goes to the API as it is", () => {
    const changed = withLeaves(
      parameters,
      new Map([
        ["stepBack.count", "2"],
        ["nodes", "[10"],
      ]),
    );
    expect(changed).toEqual({ ...parameters, nodes: "[10", stepBack: { factor: 0.8, count: 2 } });
  });
});

describe("the question", () => {
  it("says only what differs", () => {
    expect(replayRequestOf({ spec }, noChange)).toEqual({});
    expect(replayRequestOf({ spec }, { ...noChange, patience: "2", minDelta: "0.1" })).toEqual({ patience: 2, minDelta: 0.1 });
    expect(replayRequestOf({ spec }, { ...noChange, leaves: new Map([["stepBack.count", "2"]]) })).toEqual({
      search: { preset: "course", parameters: { ...parameters, stepBack: { factor: 0.8, count: 2 } } },
    });
    expect(replayRequestOf({ spec }, { ...noChange, preset: "default" })).toEqual({ search: { preset: "default", parameters: {} } });
  });

  it("goes on as an experiment that the API takes, with everything else as it was", () => {
    const request = continuation({ spec, name: "Wages" }, { patience: 7, search: { preset: "default", parameters: {} } });
    expect(experimentRequestSchema.parse(request)).toMatchObject({
      ...spec,
      name: "Wages, what if",
      search: { preset: "default", parameters: {} },
      recipe: { ...courseRecipe, patience: 7 },
    });
  });
});

describe("both tables", () => {
  const row = (hiddenLayers: number, score: number, nextStep: "DONE" | null = null) =>
    ({ number: 1, hiddenLayers, nodesPerLayer: 100, score, nextStep, winner: false }) as TrialView;
  it("stand row by row, with the rows that differ told", () => {
    const rows = sideBySide([row(1, 5), row(2, 4)], [row(1, 5), row(2, 4, "DONE"), row(3, 3)]);
    expect(rows.map(({ was, told, differs }) => [was !== null, told !== null, differs])).toEqual([
      [true, true, false],
      [true, true, true],
      [false, true, true],
    ]);
  });
});

describe("the strip of splits", () => {
  it("has the mean and deviation of each network's dots, and no two dots on one place", () => {
    const dots = [1, 2, 3, 3].map((score, index) => ({ score, name: `split ${index}` }));
    const geometry = stripGeometry(
      [
        { label: "2×250", strong: true, dots },
        { label: "1×100", strong: false, dots: dots.slice(1, 2) },
      ],
      0,
      300,
      0,
    );
    expect(geometry?.strips.map(({ mean, deviation }) => [mean, Number(deviation.toFixed(4))])).toEqual([[2.25, 0.9574]]);
    expect(new Set(geometry?.strips[0]?.dots.map(({ x, y }) => `${x} ${y}`)).size).toBe(4);
    for (const { low, high } of geometry?.strips ?? []) expect([low > 0, high < 300]).toEqual([true, true]);
    expect(stripGeometry([], 0, 300, 0)).toBeNull();
  });
});
