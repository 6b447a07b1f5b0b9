/** What holds for every preset's decisions: folding, limits, refusals. */
import { type History, RightsizeError } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { decide, parseSearch, policyVersion, presetRecipe, simulate } from "../src/index.ts";
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
