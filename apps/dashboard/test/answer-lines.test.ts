/** What the answer compares: a mean of several runs is never passed off as one network, nor the reverse. */
import type { AnswerView } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { answerLines, membersText } from "../src/answer-lines.ts";

const scores = (loss: number) => ({ loss, metrics: { meanSquaredError: loss } });
const capacity = { hiddenLayers: 2, nodesPerLayer: 512 };
const member = (nodesPerLayer: number) => ({ trial: 1, capacity: { hiddenLayers: 2, nodesPerLayer }, seed: 0, fold: 0, validationLoss: 1 });
const answer: AnswerView = {
  trial: 6,
  capacity,
  validation: scores(10.4),
  test: scores(11.3),
  delivered: { kind: "single", members: [member(512)] },
  single: null,
  baselines: [
    { name: "mean", validation: scores(72), test: scores(56) },
    { name: "linear", validation: scores(16), test: scores(13) },
  ],
  beatsMean: true,
  modelArtifact: null,
  sentence: "",
};
const names = (view: AnswerView, task: "regression" | "classification" = "regression") => answerLines(view, task).map((line) => line.name);

describe("the answer's lines", () => {
  it("of a single run name the network, then the simpler models", () => {
    expect(names(answer)).toEqual(["Network 2×512", "Linear model", "Mean predictor"]);
    expect(names(answer, "classification").at(-1)).toBe("Class shares");
    expect(membersText(answer)).toBeNull();
  });
  it("of an average name both: what is delivered, and the best run alone", () => {
    const averaged: AnswerView = {
      ...answer,
      delivered: { kind: "mean_of_best", members: [member(512), member(512), member(128)] },
      single: { validation: scores(11.6), test: null },
    };
    expect(names(averaged)).toEqual(["Mean of 3 runs", "Best run 2×512 alone", "Linear model", "Mean predictor"]);
    expect(membersText(averaged)).toBe("2 of 2×512, 1 of 2×128");
  });
  it("keep the delivered model where its runs were validated on different folds", () => {
    const folds: AnswerView = {
      ...answer,
      validation: null,
      test: null,
      delivered: { kind: "mean_of_best", members: [member(512), member(512)] },
    };
    expect(names(folds)[0]).toBe("Mean of 2 runs");
  });
  it("without a winner are the simpler models alone", () => {
    expect(names({ ...answer, capacity: null, validation: null, test: null })).toEqual(["Linear model", "Mean predictor"]);
  });
});
