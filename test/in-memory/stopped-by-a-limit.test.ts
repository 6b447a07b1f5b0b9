/** A limit on time that is passed while a run trains: the run ends where it is, the search with the best of what was completed. */
import {
  type Decision,
  defaultRecipe,
  type ExperimentId,
  type ExperimentLimits,
  type ExperimentSnapshot,
  type ExperimentSpec,
  type Run,
  type RunResult,
  randomIds,
  type StoredDecision,
  type Trial,
} from "@rightsize/core";
import { planTimeLimit, timeSpent, timeSpentAt, whatIf } from "@rightsize/orchestrator";
import { afterEach, describe, expect, test } from "vitest";
import { courseScores, exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";
import { expectSameReplay } from "../support/same-replay.ts";

let service: InMemoryService;
/** The store's clock. */
let clock = { nowMs: 0 };
afterEach(async () => {
  // Whatever still trains would be waited for.
  clock.nowMs = 1e9;
  await service.keepTime();
  await service.close();
});

const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
const noLimits: ExperimentLimits = { maxTrials: null, maxParameterCount: null };
/** Runs of two epochs, but for that of `long`: it would go on for 10,000. */
const scriptWith = (long: (typeof courseScores)[number] | undefined) => ({
  runs: courseScores.map((run) => (run === long ? { ...run, epochs: 10_000 } : run)),
  otherwise: { score: 6, epochs: 2, epochMs: 0 },
});

/** An experiment whose run number `long` (from 1) is under way; the clock stands at `nowMs`. */
async function startWithLongRun(long: number, limits: Partial<ExperimentLimits>, changes: Partial<ExperimentSpec> = {}) {
  clock = { nowMs: 0 };
  service = await startInMemoryService({ now: () => clock.nowMs, pause: soon, heartbeatMs: 5 });
  const spec = exampleSpec({
    limits: { ...noLimits, ...limits },
    engine: { name: "scripted", script: scriptWith(courseScores[long - 1]) },
    ...changes,
  });
  const { id } = await service.start(spec);
  await until(async () => (await running(id))?.epochs !== undefined && ((await running(id))?.epochs ?? 0) > 3);
  return { id };
}
const snapshotOf = async (id: ExperimentId): Promise<ExperimentSnapshot> => {
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  return snapshot;
};
const running = async (id: ExperimentId): Promise<Run | undefined> =>
  (await snapshotOf(id)).runs.find((run) => run.state === "RUNNING" && run.epochs > 3);
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 4000; round++) {
    if (await holds()) return;
    await soon();
  }
  throw new Error("it never came");
}

describe("a limit that is passed while a run trains", () => {
  test.each([
    ["wall time", { wallSeconds: 10 }, { kind: "wall_time", limit: 10 }, /limit of 10 seconds/],
    ["training time", { cpuSeconds: 10 }, { kind: "cpu", limit: 10 }, /limit of 10 CPU seconds/],
  ] as const)("on %s stops it, and the best of what was completed is the answer", async (_what, limits, limit, reason) => {
    const { id } = await startWithLongRun(3, limits);
    clock.nowMs = 9_999;
    await service.keepTime();
    expect((await snapshotOf(id)).decisions).toHaveLength(3);
    clock.nowMs = 10_000;
    await service.keepTime();
    const ended = await service.finish(id);
    expect(ended).toMatchObject({ state: "SUCCEEDED", answer: { capacity: { hiddenLayers: 1, nodesPerLayer: 250 }, verdict: "limit" } });
    const snapshot = await snapshotOf(id);
    expect(snapshot.decisions.map((stored) => stored.limit)).toEqual([null, null, null, limit]);
    expect(snapshot.decisions.at(-1)?.decision).toMatchObject({
      action: "FINISH",
      about: 3,
      winner: 2,
      verdict: "limit",
      reason: expect.stringMatching(reason),
    });
    expect(await service.table(id)).toEqual(["1×100 5.4 INCREASE_CAPACITY", "1×250 4.8 INCREASE_CAPACITY", "2×250 null DONE"]);
    expect(snapshot.trials[2]).toMatchObject({ state: "CANCELLED", score: null, verdict: "stopped", winner: false });
    const stopped = snapshot.runs.find((run) => run.trialId === snapshot.trials[2]?.id);
    expect(stopped).toMatchObject({
      state: "STOPPED",
      result: { validationLoss: null, weightsArtifact: null, reason: expect.stringMatching(reason) },
    });
    expect(stopped?.result?.epochs).toBeGreaterThan(3);
    expectSameReplay(snapshot);
  });

  test("its time counts as spent, and its work", async () => {
    const { id } = await startWithLongRun(1, { wallSeconds: 10 });
    clock.nowMs = 12_000;
    await service.keepTime();
    await service.finish(id);
    const snapshot = await snapshotOf(id);
    const [stopped] = snapshot.runs;
    expect(stopped?.result).toMatchObject({ trainMs: 12_000, cost: (stopped?.result?.epochs ?? 0) * 560 * 1001 });
    expect(timeSpent(snapshot).cpuSeconds).toBe(12);
  });

  test("with nothing completed ends the experiment without a winner, and says why", async () => {
    const { id } = await startWithLongRun(1, { wallSeconds: 10 });
    clock.nowMs = 10_000;
    await service.keepTime();
    const { state, answer } = await service.finish(id);
    expect(state).toBe("SUCCEEDED");
    expect(answer).toMatchObject({ trial: null, capacity: null });
    const snapshot = await snapshotOf(id);
    expect(snapshot.decisions.at(-1)?.decision).toMatchObject({
      winner: null,
      verdict: "limit",
      reason: "The limit of 10 seconds is reached: done, no trial has a score",
    });
    expect(snapshot.trials.map(({ state, winner }) => [state, winner])).toEqual([["CANCELLED", false]]);
    expectSameReplay(snapshot);
  });

  test("runs that wait for a worker end too, and a trial of which one run was completed keeps that run's score", async () => {
    const rates = { kind: "sweep", values: [0.01, 0.001, 0.1] } as const;
    const { id } = await startWithLongRun(2, { wallSeconds: 10 }, { recipe: { ...defaultRecipe, learningRate: rates } });
    clock.nowMs = 10_000;
    await service.keepTime();
    await service.finish(id);
    const snapshot = await snapshotOf(id);
    const states = (trial: number) =>
      snapshot.runs
        .filter(({ trialId, purpose }) => trialId === snapshot.trials[trial]?.id && purpose !== "finalise")
        .map(({ state }) => state);
    expect(states(0)).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
    expect(states(1)).toEqual(["STOPPED", "STOPPED", "STOPPED"]);
    expect(snapshot.decisions.at(-1)?.decision).toMatchObject({ winner: 1 });
    expectSameReplay(snapshot);
  });

  test("nothing is ended twice, nothing after the last decision, and nothing that has no limit", async () => {
    const { id } = await startWithLongRun(2, { wallSeconds: 10 });
    clock.nowMs = 10_000;
    await Promise.all([service.keepTime(), service.keepTime(), service.keepTime()]);
    await service.finish(id);
    const { decisions, runs } = await snapshotOf(id);
    expect(decisions.filter(({ decision }) => decision.action === "FINISH")).toHaveLength(1);
    expect(runs.filter(({ purpose }) => purpose === "finalise").map(({ state }) => state)).toEqual(["COMPLETED"]);
    clock.nowMs = 1e9;
    await service.keepTime();
    expect((await snapshotOf(id)).decisions).toEqual(decisions);
  });

  test("an experiment is left alone that is paused, has a failed run, or is of a policy that this process doesn't know", async () => {
    const { id } = await startWithLongRun(1, { wallSeconds: 10 });
    const snapshot = await snapshotOf(id);
    const moment = { now: new Date(10_000).toISOString(), attempts: [] };
    const planned = (changes: Partial<ExperimentSnapshot["experiment"]>, runs = snapshot.runs) =>
      planTimeLimit({ ...snapshot, runs, experiment: { ...snapshot.experiment, ...changes } }, moment, randomIds);
    expect(planned({})?.decision?.decision.action).toBe("FINISH");
    expect(planned({ policyVersion: "course/99" })).toBeNull();
    expect(planned({ state: "PAUSED" })).toBeNull();
    expect(planned({}, [...snapshot.runs, { ...(snapshot.runs[0] as Run), id: randomIds("run"), state: "FAILED" }])).toBeNull();
  });

  test("what if: the stopped run is what the search would need next, and the completed ones tell the rest as before", async () => {
    const { id } = await startWithLongRun(3, { wallSeconds: 10 });
    clock.nowMs = 10_000;
    await service.keepTime();
    await service.finish(id);
    const told = await whatIf(await snapshotOf(id), { search: null, earlyStopping: {} }, async () => []);
    expect(told.same).toBe(false);
    expect(told.missing).toMatchObject({ capacity: "2×250", runs: 1 });
    expect(told.rows.map(({ score }) => score)).toEqual([5.4, 4.8]);
  });
});

describe("a repair that a limit stops", () => {
  /** The second trial's run under way told as a repair of the first. */
  const asRepair = (snapshot: ExperimentSnapshot): ExperimentSnapshot => {
    const [trial] = snapshot.trials as readonly [Trial];
    const [first, second] = snapshot.decisions as readonly [StoredDecision, StoredDecision];
    const runs = snapshot.runs.map((run) => ({ ...run, trialId: trial.id }));
    const { purpose, seed, fold, learningRate } = runs[1] as Run;
    const decision: Decision = {
      action: "CHANGE_RECIPE",
      trial: 1,
      change: { maxEpochs: 77 },
      runs: [{ purpose, seed, fold, learningRate }],
      reason: "by hand",
      evidence: { rule: "by hand", comparisons: [], scores: [], numbers: {} },
    };
    const changed: Trial = { ...trial, state: "RUNNING", recipe: { ...trial.recipe, maxEpochs: 77 } };
    return { ...snapshot, trials: [changed], runs, decisions: [first, { ...second, decision }] };
  };

  test("repaired nothing: the trial stands by its runs of before, under their recipe", async () => {
    const { id } = await startWithLongRun(2, { wallSeconds: 10 });
    const snapshot = asRepair(await snapshotOf(id));
    const plan = planTimeLimit(snapshot, { now: new Date(10_000).toISOString(), attempts: [] }, randomIds);
    expect(plan?.decision?.decision).toMatchObject({ action: "FINISH", winner: 1, verdict: "limit" });
    const before = { score: 5.4, recipe: { maxEpochs: exampleSpec().recipe.maxEpochs } };
    expect(plan?.trialChanges).toMatchObject([{ state: "COMPLETED", winner: true, ...before }]);
    expect(plan?.stop?.map(({ runId }) => runId)).toEqual([snapshot.runs[1]?.id]);
  });

  test("repaired nothing either where a run of it diverged before", async () => {
    const { id } = await startWithLongRun(2, { wallSeconds: 10 });
    const snapshot = asRepair(await snapshotOf(id));
    const [first, second] = snapshot.runs as readonly [Run, Run];
    const lost = { validationLoss: null, trainingLoss: null, reason: "it diverged" };
    const diverged: Run = {
      ...second,
      id: randomIds("run"),
      state: "DIVERGED",
      position: 1,
      result: { ...(first.result as RunResult), ...lost },
    };
    const decisions = snapshot.decisions.map((stored, index): StoredDecision => {
      const { decision } = stored;
      return index === 0 || decision.action === "FINISH"
        ? stored
        : { ...stored, decision: { ...decision, runs: [...decision.runs, ...decision.runs] } };
    });
    const half = { ...snapshot, decisions, runs: [first, second, diverged] };
    const plan = planTimeLimit(half, { now: new Date(10_000).toISOString(), attempts: [] }, randomIds);
    expect(plan?.decision?.decision).toMatchObject({ action: "FINISH", winner: 1, verdict: "limit" });
    const before = { score: 5.4, verdict: null, recipe: { maxEpochs: exampleSpec().recipe.maxEpochs } };
    expect(plan?.trialChanges).toMatchObject([{ state: "COMPLETED", winner: true, ...before }]);
  });
});

describe("time spent at a moment", () => {
  test("of an attempt that ended runs of its own, only the rest counts", async () => {
    const { id } = await startWithLongRun(2, { wallSeconds: 10 });
    const snapshot = await snapshotOf(id);
    const [first, second] = snapshot.runs as readonly [Run, Run];
    const together = { ...first, assignmentId: second.assignmentId, endedAt: new Date(3000).toISOString() };
    const ended = { ...together, result: { ...(first.result as RunResult), trainMs: 3000 } };
    const moment = {
      now: new Date(5000).toISOString(),
      attempts: [
        { assignmentId: second.assignmentId, startedAt: new Date(0).toISOString() },
        { assignmentId: randomIds("assignment"), startedAt: new Date(0).toISOString() },
      ],
    };
    expect(timeSpentAt({ ...snapshot, runs: [ended, second] }, moment)).toEqual({ cpuSeconds: 5, wallSeconds: 5 });
    expect(timeSpentAt({ ...snapshot, runs: [ended] }, moment).cpuSeconds, "nothing outstanding").toBe(3);
    const reused = { ...ended, reusedFrom: randomIds("run") };
    expect(timeSpentAt({ ...snapshot, runs: [reused, second] }, moment).cpuSeconds, "a copied result took no time here").toBe(5);
  });
});
