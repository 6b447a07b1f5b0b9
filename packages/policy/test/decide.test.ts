/** What holds for every preset's decisions: folding, limits, refusals. */
import { type Decision, type History, RightsizeError, type RunOutcome, type RunRequest } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { decide, parseSearch, policyVersion, presetRecipe, readTrials, simulate } from "../src/index.ts";
import { contextOf, inOrder } from "./support.ts";

const context = contextOf("course");

describe("decide", () => {
  it("finishes with the best so far when the last entry carries a limit", () => {
    const history = simulate(context, inOrder(5, 4, 4.5)).slice(0, 3);
    const limited: History = history.map((entry, index) => (index === 2 ? { ...entry, limit: { kind: "cpu", limit: 60 } } : entry));
    expect(decide(context, limited)).toMatchObject({ action: "FINISH", about: 3, winner: 2, verdict: "limit" });
    expect(decide(context, limited).reason).toBe("The limit of 60 CPU seconds is reached: done, the best so far is 1×250 with 4");
  });

  it("has no winner at a limit when nothing has a score", () => {
    const [first] = simulate(context, inOrder(null));
    const history: History = [{ ...(first as History[number]), limit: { kind: "wall_time", limit: 10 } }];
    expect(decide(context, history)).toMatchObject({ winner: null, verdict: "limit" });
  });

  it("takes no score from a run that a limit stopped: its trial is what its other runs say", () => {
    const history = simulate(context, inOrder(5, 4, 4.5)).slice(0, 3);
    const stopped = (request: RunRequest): RunOutcome => ({ ...request, status: "STOPPED", epochs: 9, cost: 1 });
    const limit = { kind: "wall_time", limit: 10 } as const;
    const last = history[2] as History[number];
    const stoppedLast: History[number] = { ...last, outcomes: last.outcomes.map(stopped), limit };
    expect(decide(context, [...history.slice(0, 2), stoppedLast])).toMatchObject({
      about: 3,
      winner: 2,
      evidence: { scores: [{}, {}, { score: null, runs: 0 }] },
    });
    const second = history[1] as History[number];
    const more = (decision: Decision, outcomes: readonly RunOutcome[]): History => [...history.slice(0, 2), { decision, outcomes, limit }];
    const fit = { ...(second.outcomes[0] as RunOutcome), seed: 99 };
    const shared = { trial: 2, runs: [fit, { ...fit, seed: 100 }], reason: "", evidence: second.decision.evidence };
    const half = more({ action: "ADD_RUNS", ...shared }, [{ ...fit, validationLoss: 6 } as RunOutcome, stopped({ ...fit, seed: 100 })]);
    expect(decide(context, half)).toMatchObject({ winner: 2, evidence: { scores: [{ runs: 1 }, { score: 4.89897948557, runs: 2 }] } });
    const repair = more({ action: "CHANGE_RECIPE", change: { maxEpochs: 99 }, ...shared }, [stopped(fit), stopped({ ...fit, seed: 100 })]);
    expect(decide(context, repair)).toMatchObject({ winner: 2, evidence: { scores: [{ runs: 1 }, { score: 4, runs: 1 }] } });
    expect(readTrials(repair)[1]).toMatchObject({ change: {}, repairs: 0, cost: (second.outcomes[0] as RunOutcome).cost + 2 });
    const diverged = { ...fit, status: "DIVERGED", epochs: 3, cost: 1 } as RunOutcome;
    const cut = more({ action: "CHANGE_RECIPE", change: { maxEpochs: 99 }, ...shared }, [diverged, stopped({ ...fit, seed: 100 })]);
    expect(decide(context, cut), "a score that was measured isn't lost to half a repair").toMatchObject({
      winner: 2,
      evidence: { scores: [{ runs: 1 }, { score: 4, runs: 1 }] },
    });
    const scored = more({ action: "CHANGE_RECIPE", change: { maxEpochs: 99 }, ...shared }, [
      { ...fit, validationLoss: 3 } as RunOutcome,
      stopped({ ...fit, seed: 100 }),
    ]);
    expect(readTrials(scored)[1]).toMatchObject({ change: { maxEpochs: 99 }, repairs: 1 });
  });

  it("refuses a stopped run without the limit that stopped it", () => {
    const [first] = simulate(context, inOrder(5));
    const outcomes = (first as History[number]).outcomes.map((outcome): RunOutcome => ({ ...outcome, status: "STOPPED" }));
    expect(() => decide(context, [{ ...(first as History[number]), outcomes }])).toThrow("no limit that stopped it");
  });

  it("refuses a history that is over, and one with a run that hasn't ended", () => {
    const history = simulate(context, inOrder(5, 6, 7));
    expect(() => decide(context, history)).toThrow("the search is over");
    expect(() => decide(context, [{ ...(history[0] as History[number]), outcomes: [] }])).toThrow("asked for 1 runs and has 0 outcomes");
  });

  it("refuses an unknown preset and wrong parameters with the registry's error", () => {
    expect(() => decide(contextOf("course", { preset: "magic" }), [])).toThrow(RightsizeError);
    expect(() => decide(contextOf("course", { parameters: { nodes: [] } }), [])).toThrow("the parameters of preset course are wrong");
  });
});

describe("the registry", () => {
  it("names the presets there are when asked for another", () => {
    expect(parseSearch({ preset: "magic", parameters: {} })).toMatchObject({
      ok: false,
      issues: [{ where: "/search/preset", received: '"magic"' }],
    });
  });

  it("knows no preset by a name of Object's own", () => {
    expect(parseSearch({ preset: "constructor", parameters: {} }).ok).toBe(false);
  });

  it("gives each preset its recipe and version", () => {
    expect(presetRecipe("course")).toMatchObject({ maxEpochs: 20, patience: 2 });
    expect(policyVersion("course")).toBe("course/1");
    expect(policyVersion("default")).toBe("default/2");
  });
});
