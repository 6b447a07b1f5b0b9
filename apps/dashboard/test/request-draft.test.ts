/** The form's request: short where defaults stand, valid for the contract, and the same from a terminal. */
import { execFileSync } from "node:child_process";
import { type DatasetView, type ExperimentView, experimentRequestSchema } from "@rightsize/contract";
import { courseRecipe } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { draftFrom } from "../src/draft-again.ts";
import { curlOf, draftFor, emptyDraft, requestOf } from "../src/request-draft.ts";

const dataset = "ab".repeat(32);
const wages = {
  id: dataset,
  columns: [{ name: "age" }, { name: "wage" }],
  suggestedTarget: "wage",
  suggestedTask: "regression",
} as unknown as DatasetView;

describe("a new experiment's request", () => {
  it("says only dataset and target when nothing else was touched", () => {
    expect(requestOf(draftFor(wages))).toEqual({ dataset, target: "wage" });
  });

  it("falls back on the last column where no target is suggested", () => {
    expect(draftFor({ ...wages, suggestedTarget: null }).target).toBe("wage");
  });

  it("holds what was changed, in the contract's form", () => {
    const request = requestOf({
      ...draftFor(wages),
      name: " My wages ",
      preset: "course",
      exclude: ["age"],
      splitKind: "random",
      validationPercent: "25",
      testPercent: "10",
      stratify: true,
      patience: "5",
      maxEpochs: "100",
      learningRates: "0.01, 0.001",
      optimizer: "sgd",
      activation: "tanh",
      batchSize: "64",
      l2: "0.001",
      dropoutPercent: "20",
      scale: "robust",
      logTarget: true,
      engine: "onnx",
      maxTrials: "8",
      maxParameters: "100000",
      cpuSeconds: "90.5",
      wallSeconds: "3600",
      seed: "7",
    });
    expect(experimentRequestSchema.safeParse(request).error).toBeUndefined();
    expect(request).toMatchObject({
      name: "My wages",
      split: { kind: "random", validationFraction: 0.25, testFraction: 0.1, stratify: true },
      recipe: { learningRate: { kind: "sweep", values: [0.01, 0.001] }, dropoutFraction: 0.2, optimizer: { kind: "sgd" } },
      limits: { maxTrials: 8, maxParameterCount: 100_000, cpuSeconds: 90.5, wallSeconds: 3600 },
      seed: 7,
    });
  });

  it("asks for short probes of learning rates where it says for how long, of the service's own rates where it names none", () => {
    const asked = (change: Partial<typeof emptyDraft>) => requestOf({ ...draftFor(wages), ...change }).recipe?.learningRate;
    expect(asked({ learningRates: "0.01, 0.001", probeEpochs: "5" })).toEqual({ kind: "probe", values: [0.01, 0.001], epochs: 5 });
    expect(asked({ probeEpochs: "5" })).toEqual({ kind: "probe", epochs: 5 });
    expect(asked({ learningRates: "0.01", probeEpochs: "5" })).toEqual({ kind: "fixed", value: 0.01 });
    const spec = { recipe: { learningRate: { kind: "probe", values: [0.01, 0.001], epochs: 5 } } };
    const again = draftFrom({
      name: "Wages",
      dataset,
      target: "wage",
      task: "regression",
      preset: "course",
      spec,
    } as unknown as ExperimentView);
    expect(requestOf(again).recipe?.learningRate).toEqual({ kind: "probe", values: [0.01, 0.001], epochs: 5 });
  });

  it.each([
    [
      { splitKind: "group", splitColumn: "age" },
      { kind: "group", column: "age" },
    ],
    [
      { splitKind: "time", splitColumn: "age", validationPercent: "10", testPercent: "5" },
      { kind: "time", column: "age", validationFraction: 0.1, testFraction: 0.05 },
    ],
    [
      { splitKind: "folds", folds: "10", stratify: true },
      { kind: "folds", folds: 10, stratify: true },
    ],
    [{ splitKind: "random" }, { kind: "random" }],
    // What no kind of split was chosen for stays the search's own.
    [{ validationPercent: "10", stratify: true }, undefined],
  ] as const)("%j is the split %j", (fields, split) => {
    const request = requestOf({ ...draftFor(wages), ...fields });
    expect(experimentRequestSchema.safeParse(request).error).toBeUndefined();
    expect(request.split).toEqual(split);
  });

  it("leaves what is no number for the API to refuse", () => {
    const request = requestOf({
      ...draftFor(wages),
      splitKind: "random",
      testPercent: "a tenth",
      wallSeconds: "1,5",
      learningRates: "fast",
    });
    expect(request).toMatchObject({
      split: { testFraction: "a tenth" },
      limits: { wallSeconds: "1,5" },
      recipe: { learningRate: { value: "fast" } },
    });
  });

  it("as curl survives a shell, quotes and all", () => {
    const request = requestOf({ ...emptyDraft, dataset, target: 'it\'s $HOME "x" `y`' });
    const printed = (withKey: boolean) => {
      const command = curlOf(request, "http://localhost", withKey).replace(/^curl/, "printf '%s\\n'");
      return execFileSync("sh", ["-c", command], { encoding: "utf8", env: { RIGHTSIZE_KEY: "rsk_mine" } })
        .trim()
        .split("\n");
    };
    expect(JSON.parse(printed(false).at(-1) ?? "")).toEqual(request);
    expect(printed(false).join()).not.toContain("authorization");
    expect(JSON.parse(printed(true).at(-1) ?? "")).toEqual(request);
    expect(printed(true)).toContain("authorization: Bearer rsk_mine");
  });

  it("can ask an old question again", () => {
    const old = {
      name: "Wages",
      dataset,
      target: "wage",
      task: "regression",
      preset: "course",
      engine: "onnx",
      spec: {
        split: { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false },
        recipe: {
          patience: 2,
          maxEpochs: 20,
          learningRate: { kind: "fixed", value: 0.001 },
          batchSize: "auto",
          optimizer: { kind: "adam" },
          activation: "relu",
          l2: 0,
          dropoutFraction: 0,
        },
        features: { exclude: ["age"], scale: "standard", logTarget: false },
        seed: 3,
      },
    } as unknown as ExperimentView;
    const request = requestOf(draftFrom(old));
    expect(experimentRequestSchema.safeParse(request).error).toBeUndefined();
    expect(request).toMatchObject({
      name: "Wages, again",
      search: { preset: "course" },
      recipe: { patience: 2, maxEpochs: 20 },
      features: { exclude: ["age"] },
      seed: 3,
    });
    expect(request.split).toEqual({ kind: "random" });
  });

  it("asks an old question again to the letter, also what the form has no field for", () => {
    const rows = { kind: "rows", training: [0, 1, 2], validation: [3], test: [] };
    const recipe = {
      ...courseRecipe,
      loss: "huber",
      optimizer: { kind: "sgd", momentum: 0.9, nesterov: true },
      schedule: { kind: "cosine", epochs: 20, finalFraction: 0 },
      learningRate: { kind: "sweep", values: [0.1, 0.01] },
    };
    const spec = {
      split: rows,
      recipe,
      features: { include: ["age"], exclude: [], scale: "robust", maxCategories: 8, logTarget: false },
      delivery: { kind: "mean_of_best", runs: 3 },
      limits: { maxTrials: null, maxParameterCount: null, cpuSeconds: 60, wallSeconds: null },
      search: { preset: "course", parameters: {} },
      seed: 0,
    };
    const old = {
      name: "W",
      dataset,
      target: "wage",
      task: "regression",
      preset: "course",
      engine: "onnx",
      spec,
    } as unknown as ExperimentView;
    const again = experimentRequestSchema.parse(requestOf(draftFrom(old)));
    expect({ ...courseRecipe, ...again.recipe }).toEqual(recipe);
    expect(again).toMatchObject({ split: rows, features: spec.features, delivery: spec.delivery, limits: spec.limits });
    const other = requestOf(draftFor({ ...wages, id: "cd".repeat(32) }, draftFrom(old)));
    expect([other.split, other.features?.include]).toEqual([undefined, undefined]);
    expect(requestOf({ ...draftFrom(old), optimizer: "adam" }).recipe?.optimizer).toEqual({ kind: "adam" });
  });
});
