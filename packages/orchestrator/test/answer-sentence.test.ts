/** The answer's sentence, by example. */
import { expect, test } from "vitest";
import { answerSentence } from "../src/index.ts";

const scores = (meanSquaredError: number) => ({ loss: meanSquaredError / 50, metrics: { meanSquaredError } });

test("names the size, its scores in the target's unit, and the linear model beside it", () => {
  const sentence = answerSentence(
    {
      trial: 3,
      capacity: { hiddenLayers: 2, nodesPerLayer: 250 },
      validation: scores(7.1234567),
      test: scores(8.2),
      baselines: [{ name: "linear", validation: scores(11), test: scores(11.3) }],
      beatsMean: true,
      delivered: { kind: "single", members: [] },
      single: null,
      modelArtifact: null,
    },
    "regression",
  );
  expect(sentence).toBe(
    "2×250 is the best size in the explored range: mean squared error 7.123 on validation, mean squared error 8.2 on test; the linear model has mean squared error 11.3.",
  );
});

test("says plainly when nothing beats the mean, and when nothing could be trained", () => {
  const answer = {
    trial: 1,
    capacity: { hiddenLayers: 1, nodesPerLayer: 8 },
    validation: { loss: 0.7, metrics: { accuracy: 0.5 } },
    test: null,
    baselines: [],
    delivered: { kind: "single" as const, members: [] },
    single: null,
    beatsMean: false,
    modelArtifact: null,
  };
  expect(answerSentence(answer, "classification")).toBe(
    "1×8 is the best size in the explored range: log loss 0.7 (accuracy 50 %) on validation. It does not beat predicting the mean.",
  );
  expect(answerSentence({ ...answer, capacity: null }, "regression")).toMatch(/No network could be trained/);
});
