/** What people read: the course's table to the letter, numbers, times, the answer. */
import type { AnswerView } from "@rightsize/contract";
import { expect, test } from "vitest";
import { experimentLines } from "../src/commands/list.ts";
import { answerLines, sizeText } from "../src/render/answer.ts";
import { columnWords, counted, durationText, groupedNumber, scoreTexts, shortNumber } from "../src/render/numbers.ts";
import { trialTableLines } from "../src/render/trial-table.ts";
import { experimentView, runView, trialTable, trialView } from "./views.ts";

test("the course's table looks exactly like this", () => {
  expect(`\n${trialTableLines(trialTable()).join("\n")}\n`).toBe(`
Hidden layers  Nodes per layer  Mean squared error  Next step           Parameters
─────────────  ───────────────  ──────────────────  ──────────────────  ──────────
            1              100                 5.4  Increase capacity          901
            1              250                 4.8  Increase capacity        2,251
            2              250                 4.4  Increase capacity       65,001
            3              250                 4.5  Decrease capacity      127,751
            3              200                 4.3  Done  ◀ the answer      82,201
`);
});

test("a row that trains shows how far it is, one that waits nothing, one that diverged or that a limit stopped says so", () => {
  const table = trialTable([
    trialView(1, { score: null, nextStep: "INCREASE_CAPACITY" }),
    trialView(2, { state: "RUNNING", score: null, nextStep: null }),
    trialView(3, { state: "PENDING", score: null, nextStep: null }),
    trialView(4, { state: "FAILED", score: null, nextStep: null }),
    trialView(5, { state: "CANCELLED", score: null, nextStep: "DONE", verdict: "stopped", winner: false }),
  ]);
  const [, , ...rows] = trialTableLines(table, new Map([["tri_2", "epoch 3 of at most 20"]]));
  expect(rows.map((row) => row.split(/ {2,}/).slice(3).join("|"))).toEqual([
    "diverged|Increase capacity|901",
    "epoch 3 of at most 20|2,251",
    "65,001",
    "failed|127,751",
    "stopped by a limit|Done|82,201",
  ]);
});

test("the winner is marked wherever its row stands", () => {
  const table = trialTable([trialView(1, { winner: true }), trialView(2)]);
  expect(trialTableLines(table).map((line) => line.includes("Increase capacity  ◀ the answer"))).toEqual([false, false, true, false]);
});

test("the score in the target's own unit is shown where there is one", () => {
  const table = trialTable([trialView(1, { score: 0.1, metrics: { meanSquaredError: 6.4, rootMeanSquaredError: 2.53 } })]);
  expect(trialTableLines(table)[2]).toMatch(/ 6\.4 /);
});

test("where decisions speak of another score than the one shown, it stands beside", () => {
  const scored = (number: number, score: number) => trialView(number, { score, metrics: { meanSquaredError: 64 * score } });
  const lines = trialTableLines(trialTable([scored(1, 0.2113), scored(2, 0.1669)]));
  expect(lines[0]?.trim().split(/ {2,}/)).toEqual([
    "Hidden layers",
    "Nodes per layer",
    "Mean squared error",
    "Next step",
    "Parameters",
    "Score",
  ]);
  expect(lines[2]?.trim().split(/ {2,}/)).toEqual(["1", "100", "13.52", "Increase capacity", "901", "0.2113"]);
  expect(trialTableLines(trialTable([scored(1, 0.2113)]), new Map(), { narrow: true })[0]).not.toContain("Score");
});

test("a list says in which time it is written, whoever's clock reads it", () => {
  const [head, , line] = experimentLines([experimentView({ createdAt: "2026-01-01T23:59:00.000Z" })]);
  expect(head).toContain("Created (UTC)");
  expect(line).toContain("2026-01-01 23:59");
});

test("a list tells an experiment that a limit ended from one that found its answer", () => {
  const ended = (verdict: AnswerView["verdict"]) => experimentView({ answer: { ...answer, verdict } });
  const [, , limited, done] = experimentLines([ended("limit"), ended("converged")]);
  expect(limited).toMatch(/SUCCEEDED, ended by a limit +Miles/);
  expect(done).toMatch(/SUCCEEDED +Miles/);
});

test("scores that differ never look equal", () => {
  expect(scoreTexts([4.40001, 4.40002, null])).toEqual(["4.40001", "4.40002", null]);
  expect(scoreTexts([4.4, 4.5])).toEqual(["4.4", "4.5"]);
});

test("numbers are short, whole numbers stay whole", () => {
  expect([5.4, 12.3456, 12345.6, 0.00123456, 0, -3].map((value) => shortNumber(value))).toEqual([
    "5.4",
    "12.35",
    "12346",
    "0.001235",
    "0",
    "-3",
  ]);
  expect([7, 1234, 1234567].map(groupedNumber)).toEqual(["7", "1,234", "1,234,567"]);
  expect([counted(1, "car"), counted(406, "car")]).toEqual(["1 car", "406 cars"]);
});

test("times are told in the unit that fits", () => {
  expect([0, 850, 59_400, 60_000, 75_000, 3_599_600, 7_500_000].map(durationText)).toEqual([
    "0.0 s",
    "0.8 s",
    "59 s",
    "1 min 0 s",
    "1 min 15 s",
    "1 h 0 min",
    "2 h 5 min",
  ]);
});

test("a column's name becomes words", () => {
  expect(["Miles_per_Gallon", "price", "MPG"].map(columnWords)).toEqual(["miles per gallon", "price", "MPG"]);
});

const scores = (mse: number) => ({ loss: mse / 64, metrics: { meanSquaredError: mse, rootMeanSquaredError: Math.sqrt(mse) } });
const answer: AnswerView = {
  trial: 5,
  capacity: { hiddenLayers: 3, nodesPerLayer: 200 },
  validation: scores(6.25),
  test: scores(9),
  delivered: {
    kind: "single",
    members: [{ trial: 5, capacity: { hiddenLayers: 3, nodesPerLayer: 200 }, seed: 0, fold: 0, validationLoss: 0.1 }],
  },
  single: null,
  baselines: [
    { name: "mean", validation: scores(64), test: scores(64) },
    { name: "linear", validation: scores(16), test: null },
  ],
  beatsMean: true,
  modelArtifact: null,
  sentence: "3×200 is the best size in the explored range.",
};

test("the answer names size and scores, with the linear model and the mean beside it", () => {
  expect(`\n${answerLines(experimentView({ answer })).join("\n")}\n`).toBe(`
The right size: 3 hidden layers of 200 nodes each.
3×200 is the best size in the explored range.

Typical error (root mean square), in miles per gallon  validation  test
─────────────────────────────────────────────────────  ──────────  ────
3×200                                                         2.5     3
always the mean                                                 8     8
linear model                                                    4     –
`);
  expect(answerLines(experimentView())).toEqual([]);
  expect(answerLines(experimentView({ answer: { ...answer, verdict: "limit" } }))[0]).toBe(
    "The best size so far, when the limit was reached: 3 hidden layers of 200 nodes each.",
  );
});

test("where the mean of several runs is delivered, the winner alone stands beside it", () => {
  const [member] = answer.delivered.members;
  const members = member === undefined ? [] : [member, member, member];
  const several: AnswerView = {
    ...answer,
    validation: null,
    delivered: { kind: "mean_of_best", members },
    single: { validation: scores(6.25), test: scores(10.24) },
  };
  expect(answerLines(experimentView({ answer: several })).slice(5, 7)).toEqual([
    "mean of the best 3 runs                                         –     3",
    "3×200 alone                                                   2.5   3.2",
  ]);
});

test("sizes are told in words", () => {
  expect(sizeText({ hiddenLayers: 1, nodesPerLayer: 64 })).toBe("1 hidden layer of 64 nodes");
  expect(sizeText({ hiddenLayers: 0, nodesPerLayer: 0 })).toBe("no hidden layer, a linear model");
});

test("the views of these tests are what the contract says", async () => {
  const { trialTableSchema, experimentViewSchema, runViewSchema } = await import("@rightsize/contract");
  expect(() => [
    trialTableSchema.parse(trialTable()),
    experimentViewSchema.parse(experimentView()),
    runViewSchema.parse(runView()),
  ]).not.toThrow();
});
