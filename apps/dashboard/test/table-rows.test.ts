/** The trial table's cells: the course's table, the running row, replicates, and what a screen reader is told. */
import type { ExperimentView, RunView, TrialTable, TrialView } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { notesByRow } from "../src/decision-notes.ts";
import { nextStepText } from "../src/format.ts";
import { liveStart, reduceLive } from "../src/live.ts";
import { comparableRuns } from "../src/scores.ts";
import { announcement, tableRows } from "../src/table-rows.ts";

const experiment = {
  id: "exp_1",
  state: "RUNNING",
  task: "regression",
  engine: "onnx",
  answer: null,
  endedAt: null,
  spec: { recipe: { maxEpochs: 20, loss: "auto" } },
  plan: { targetDeviation: 3 },
} as unknown as ExperimentView;

const run = (more: Partial<RunView> = {}): RunView =>
  ({
    id: "run_1",
    purpose: "fit",
    seed: 0,
    state: "COMPLETED",
    epochs: 0,
    validationLoss: null,
    metrics: null,
    trainMs: null,
    startedAt: null,
    endedAt: null,
    reusedFrom: null,
    standsFor: null,
    ...more,
  }) as RunView;
const trial = (
  number: number,
  hiddenLayers: number,
  nodesPerLayer: number,
  error: number | null,
  nextStep: TrialView["nextStep"],
  more: Partial<TrialView> = {},
): TrialView => ({
  id: `tri_${number}`,
  number,
  hiddenLayers,
  nodesPerLayer,
  parameterCount: 1000 * number,
  state: "COMPLETED",
  score: error === null ? null : error / 9,
  metrics: error === null ? null : { meanSquaredError: error },
  nextStep,
  verdict: null,
  winner: false,
  runs: [],
  ...more,
});
const tableOf = (trials: TrialView[]): TrialTable => ({ experimentId: "exp_1", state: "RUNNING", metric: "Mean squared error", trials });
const course = tableOf([
  trial(1, 1, 100, 5.4, "INCREASE_CAPACITY"),
  trial(2, 1, 250, 4.8, "INCREASE_CAPACITY"),
  trial(3, 2, 250, 4.4, "INCREASE_CAPACITY"),
  trial(4, 3, 250, 4.5, "DECREASE_CAPACITY"),
  trial(5, 3, 200, 4.3, "DONE", { winner: true }),
]);

describe("the trial table", () => {
  it("reads as the course's", () => {
    const rows = tableRows(experiment, course, liveStart(0), 0);
    expect(
      rows.map(({ trial: { hiddenLayers, nodesPerLayer, nextStep }, scoreText }) => [
        hiddenLayers,
        nodesPerLayer,
        scoreText,
        nextStep && nextStepText(nextStep),
      ]),
    ).toEqual([
      [1, 100, "5.4", "Increase capacity"],
      [1, 250, "4.8", "Increase capacity"],
      [2, 250, "4.4", "Increase capacity"],
      [3, 250, "4.5", "Decrease capacity"],
      [3, 200, "4.3", "Done"],
    ]);
    expect(rows.map((row) => row.best)).toEqual([false, false, false, false, true]);
  });

  it("writes a column's scores with equally many decimals", () => {
    const rows = tableRows(
      experiment,
      tableOf([trial(1, 1, 8, 12.3456, null), trial(2, 1, 16, 9.1, null), trial(3, 1, 32, null, null)]),
      liveStart(0),
      0,
    );
    expect(rows.map((row) => row.scoreText)).toEqual(["12.346", "9.100", "–"]);
  });

  it("keeps scores apart that differ late", () => {
    const rows = tableRows(experiment, tableOf([trial(1, 1, 8, 0.600001, null), trial(2, 1, 16, 0.600002, null)]), liveStart(0), 0);
    expect(rows.map((row) => row.scoreText)).toEqual(["0.600001", "0.600002"]);
  });

  it("shows a running row's epoch and validation score in the target's own unit", () => {
    const running = trial(1, 1, 100, null, null, {
      state: "RUNNING",
      runs: [run({ state: "RUNNING", startedAt: "2026-01-01T00:00:00Z" })],
    });
    const epoch = (number: number, validationLoss: number) => ({ epoch: number, trainingLoss: 1, validationLoss, learningRate: 0.001 });
    const live = reduceLive(liveStart(0), { kind: "epochs", runId: "run_1", epochs: [epoch(1, 0.7), epoch(2, 0.5), epoch(3, 0.6)] });
    const [row] = tableRows(experiment, tableOf([running]), live, Date.parse("2026-01-01T00:00:07Z"));
    expect(row?.live).toMatchObject({ epoch: 3, maxEpochs: 20, run: 1, runCount: 1 });
    expect(row?.live?.score).toBeCloseTo(5.4);
    expect(row?.live?.bestScore).toBeCloseTo(4.5);
    expect(row?.timeMs).toBe(7000);
  });

  it("keeps a row's score while one more run of it trains, and says how far that is", () => {
    const runs = [run({ standsFor: "score" }), run({ id: "run_2", state: "RUNNING", purpose: "finals" })];
    const epochs = [{ epoch: 1, trainingLoss: 1, validationLoss: 0.9, learningRate: 0.001 }];
    const live = reduceLive(liveStart(0), { kind: "epochs", runId: "run_2", epochs });
    const [row] = tableRows(experiment, tableOf([trial(1, 1, 100, 5.4, null, { state: "RUNNING", runs })]), live, 0);
    expect(row).toMatchObject({ scoreText: "5.4", live: { epoch: 1, run: 2, runCount: 2, score: null, bestScore: null } });
  });

  it("stops the clock of a run that a failed experiment left behind", () => {
    const failed = { ...experiment, state: "FAILED", endedAt: "2026-01-01T00:00:05Z" } as ExperimentView;
    const running = trial(1, 1, 100, null, null, {
      state: "RUNNING",
      runs: [run({ state: "RUNNING", startedAt: "2026-01-01T00:00:00Z" })],
    });
    const [row] = tableRows(failed, tableOf([running]), liveStart(0), Date.parse("2026-02-01T00:00:00Z"));
    expect(row).toMatchObject({ live: null, timeMs: 5000 });
  });

  it("shows the spread over replicates, and none for a single run", () => {
    const two = [5, 7.2].map((meanSquaredError, index) =>
      run({ id: `run_${index}`, validationLoss: meanSquaredError / 9, metrics: { meanSquaredError }, standsFor: "score" }),
    );
    const rows = tableRows(
      experiment,
      tableOf([trial(1, 1, 8, 6, null, { runs: two }), trial(2, 1, 16, 6, null, { runs: two.slice(0, 1) })]),
      liveStart(0),
      0,
    );
    expect(rows.map((row) => row.deviationText)).toEqual(["± 1.6", null]);
  });

  it("takes the spread over the runs that stand for the score, not over other learning rates, an older recipe or finals", () => {
    const runs = ([null, "score", "score", "finals"] as const).map((standsFor, index) =>
      run({ id: `run_${index}`, validationLoss: 1, metrics: { meanSquaredError: [8.1, 4.5, 6.3, 2][index] ?? 0 }, standsFor }),
    );
    const [row] = tableRows(experiment, tableOf([trial(1, 1, 8, 5.3, null, { runs })]), liveStart(0), 0);
    expect(row?.deviationText).toBe("± 1.3");
    expect(comparableRuns(trial(1, 1, 8, 5.3, null, { runs })).map(({ id }) => id)).toEqual(["run_1", "run_2", "run_3"]);
  });

  it("keeps the deciding score's column only where it says something else", () => {
    expect(tableRows(experiment, course, liveStart(0), 0)[0]?.decidingText).toBe("0.6000");
    const classes = { ...experiment, task: "classification" } as ExperimentView;
    const [row] = tableRows(classes, tableOf([trial(1, 1, 8, null, null, { score: 0.4, metrics: { logLoss: 0.4 } })]), liveStart(0), 0);
    expect(row?.decidingText).toBeNull();
  });

  it("tells a screen reader the newest next step", () => {
    const rows = tableRows(experiment, course, liveStart(0), 0);
    expect(announcement(experiment, rows.slice(0, 4), "Mean squared error", nextStepText)).toBe(
      "Trial 4, 3 × 250: mean squared error 4.5. Next step: Decrease capacity.",
    );
  });
});

describe("decisions", () => {
  const decision = (sequence: number, action: "START_TRIAL" | "ADD_RUNS" | "FINISH", body: Record<string, unknown>) => ({
    sequence,
    action,
    reason: `reason ${sequence}`,
    decision: body,
    limit: null,
    hash: "",
    createdAt: "",
  });

  it("stand under the row that they judged, the first under the row it starts", () => {
    const notes = notesByRow([
      decision(1, "START_TRIAL", { about: null, capacity: { hiddenLayers: 1, nodesPerLayer: 100 } }),
      decision(2, "START_TRIAL", { about: 1 }),
      decision(3, "ADD_RUNS", { trial: 1 }),
      decision(4, "FINISH", { about: 2 }),
    ]);
    expect([...notes].map(([row, list]) => [row, list.map((note) => note.sequence)])).toEqual([
      [1, [1, 2, 3]],
      [2, [4]],
    ]);
    expect(notes.get(1)?.[0]?.capacity).toEqual({ hiddenLayers: 1, nodesPerLayer: 100 });
  });
});
