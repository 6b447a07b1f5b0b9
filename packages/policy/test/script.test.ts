/** A rule told as a story is still a fold over the history. */

import type { Decision, Finish, HistoryEntry, StartTrial } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { type Script, tell } from "../src/script.ts";
import { applyEntry, readTrials } from "../src/trials.ts";
import { contextOf, outcome } from "./support.ts";

const evidence = { rule: "test", comparisons: [], scores: [], numbers: {} };
const run = { purpose: "fit", seed: 0, fold: 0, learningRate: 0.001 } as const;
const start = (hiddenLayers: number): StartTrial => ({
  action: "START_TRIAL",
  about: null,
  nextStep: null,
  capacity: { hiddenLayers, nodesPerLayer: 8 },
  runs: [run],
  reason: `${contextOf("course").preset}`,
  evidence,
});
const finish: Finish = { action: "FINISH", about: 1, winner: 1, verdict: "converged", reason: "done", evidence };

function* untilBelow(limit: number): Script {
  for (let layers = 1; ; layers++) {
    const trials = yield () => start(layers);
    const last = trials[trials.length - 1]?.runs[0]?.outcome;
    if (last?.status === "COMPLETED" && last.validationLoss < limit) return () => finish;
  }
}

const entry = (decision: Decision, loss: number): HistoryEntry => ({
  decision,
  outcomes: [outcome(run, { hiddenLayers: 1, nodesPerLayer: 8 }, loss)],
  limit: null,
});

describe("tell", () => {
  it("gives the first decision that isn't in the history", () => {
    expect(tell(untilBelow(1), [])).toMatchObject({ capacity: { hiddenLayers: 1 } });
    expect(tell(untilBelow(1), [entry(start(1), 2)])).toMatchObject({ capacity: { hiddenLayers: 2 } });
    expect(tell(untilBelow(1), [entry(start(1), 2), entry(start(2), 0.5)])).toBe(finish);
  });
  it("refuses a history that goes on past its end", () => {
    expect(() => tell(untilBelow(1), [entry(start(1), 0.5), entry(start(2), 0.5)])).toThrow("ended before entry 1");
  });
});

describe("reading trials", () => {
  it("adds runs, and lets a changed recipe replace them", () => {
    const added: Decision = { action: "ADD_RUNS", trial: 1, runs: [run], reason: "", evidence };
    const changed: Decision = { action: "CHANGE_RECIPE", trial: 1, change: { maxEpochs: 800 }, runs: [run], reason: "", evidence };
    const trials = readTrials([entry(start(1), 3), entry(added, 2), entry(changed, 1)]);
    expect(trials).toHaveLength(1);
    expect(trials[0]).toMatchObject({ change: { maxEpochs: 800 }, repairs: 1, runs: [{ entry: 2, position: 0 }] });
    expect(readTrials([entry(start(1), 3), entry(added, 2)])[0]?.runs).toHaveLength(2);
  });
  it("refuses runs of a trial that was never started", () => {
    const added: Decision = { action: "ADD_RUNS", trial: 2, runs: [run], reason: "", evidence };
    expect(() => applyEntry([], entry(added, 1), 0)).toThrow("never started");
  });
});
