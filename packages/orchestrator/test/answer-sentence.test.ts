/** The answer's sentence, by example. */
import { expect, test } from "vitest";
import { answerSentence, scoreText } from "../src/index.ts";

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

test("says what the table shows: a lower row, and a limit that ended the search", () => {
  const answer = {
    trial: 2,
    capacity: { hiddenLayers: 2, nodesPerLayer: 512 },
    validation: scores(28.56),
    test: null,
    baselines: [],
    beatsMean: true,
    delivered: { kind: "single" as const, members: [] },
    single: null,
    modelArtifact: null,
    evaluationArtifact: null,
  };
  const row = (number: number, nodesPerLayer: number, score: number | null) => ({
    number,
    capacity: { hiddenLayers: 2, nodesPerLayer },
    score,
  });
  const sentence = (rows: readonly ReturnType<typeof row>[]) => answerSentence(answer, "regression", { trials: rows });
  expect(sentence([row(1, 128, 0.1009), row(2, 512, 0.1017), row(3, 256, 0.1012), row(4, 64, null)])).toBe(
    "2×512 is the best size in the explored range, though 2×128 by itself scored lower (the last decision says why): mean squared error 28.56 on validation.",
  );
  expect(sentence([row(1, 128, 0.1017), row(2, 512, 0.1017), row(3, 64, null)])).toMatch(/^2×512 is the best size in the explored range: /);
  expect(answerSentence(answer, "regression", { verdict: "limit", trials: [row(2, 512, 0.1017), row(3, 64, null)] })).toBe(
    "2×512 is the best size that was trained to its end before the experiment's limit was reached: mean squared error 28.56 on validation.",
  );
  expect(answerSentence({ ...answer, capacity: null }, "regression", { verdict: "limit" })).toMatch(/before the experiment's limit/);
});

test("divides thousands, as the table beside it does", () => {
  expect([14_398.2, 999.96, 0.00012344, 1234.5, 3e14].map((error) => scoreText(scores(error), "regression"))).toEqual([
    "mean squared error 14,400",
    "mean squared error 1,000",
    "mean squared error 0.0001234",
    "mean squared error 1,235",
    "mean squared error 3e+14",
  ]);
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
