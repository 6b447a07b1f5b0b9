/** Properties of every preset on random landscapes, parameters and failures. */
import { type Capacity, canonicalText, capacityText, type History, type LearningRate, type PolicyContext } from "@rightsize/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type OutcomesOf, presets, readTrials, simulate, summariseTrial, trialTable } from "../src/index.ts";
import { contextOf, outcome } from "./support.ts";

/** A loss that depends on (capacity, seed, fold, rate) alone, from a seeded hash; about one in `diverging` runs diverges. */
function landscape(seed: number, noise: number, diverging: number): OutcomesOf {
  return (request, { capacity }) => {
    const drawn = hash(`${seed} ${capacityText(capacity)} ${request.seed} ${request.fold} ${request.learningRate}`);
    const shape = hash(`${seed} ${capacityText(capacity)}`);
    const loss = diverging > 0 && drawn % diverging === 0 ? null : 0.2 + (shape % 1000) / 2000 + (noise * (drawn % 997)) / 997;
    return outcome(request, capacity, loss, { capped: drawn % 7 === 0 });
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

const searches = fc
  .record({
    preset: fc.constantFrom(...Object.keys(presets)),
    seed: fc.nat(),
    noise: fc.constantFrom(0, 0.01, 0.3),
    diverging: fc.constantFrom(0, 0, 9, 2, 1),
    folds: fc.constantFrom(1, 5),
    learningRate: fc.constantFrom<LearningRate>(
      { kind: "fixed", value: 0.001 },
      { kind: "sweep", values: [1e-6, 0.01, 1] },
      { kind: "probe", values: [1e-6, 0.01, 1], epochs: 3 },
    ),
    maxTrials: fc.option(fc.integer({ min: 1, max: 6 })),
  })
  .map(({ preset, seed, noise, diverging, folds, learningRate, maxTrials }) => {
    const recipe = presets[preset]?.recipe ?? contextOf(preset).recipe;
    const context = contextOf(preset, { seed, folds, recipe: { ...recipe, learningRate } });
    return { context, outcomes: landscape(seed, noise, diverging), maxTrials };
  });

const holds = (check: (context: PolicyContext, history: History, outcomes: OutcomesOf) => void) =>
  fc.assert(
    fc.property(searches, ({ context, outcomes, maxTrials }) => check(context, simulate(context, outcomes, { maxTrials }), outcomes)),
    { numRuns: 40, seed: 20 },
  );

describe("every preset", () => {
  it("ends, once, with a winner that has a score", () => {
    holds((_, history) => {
      const last = history.at(-1)?.decision;
      if (last?.action !== "FINISH") throw new Error("no end");
      expect(history.filter(({ decision }) => decision.action === "FINISH")).toHaveLength(1);
      const rows = trialTable(history);
      if (last.winner === null) expect(["nothing_trainable", "limit"]).toContain(last.verdict);
      else expect(rows[last.winner - 1]).toMatchObject({ winner: true, score: expect.any(Number) });
      expect(rows.every(({ nextStep }) => nextStep !== null)).toBe(true);
    });
  });

  it("never asks for the same capacity twice, nor for the same run twice under one recipe", () => {
    holds((_, history) => {
      const capacities: Capacity[] = [];
      const runs = new Set<string>();
      for (const { decision } of history) {
        if (decision.action === "START_TRIAL") capacities.push(decision.capacity);
        if (decision.action === "FINISH") continue;
        const trial = decision.action === "START_TRIAL" ? capacities.length : decision.trial;
        if (decision.action === "CHANGE_RECIPE") for (const key of [...runs]) if (key.startsWith(`${trial} `)) runs.delete(key);
        for (const run of decision.runs) {
          const key = `${trial} ${run.seed} ${run.fold} ${run.learningRate}`;
          expect(runs.has(key)).toBe(false);
          runs.add(key);
        }
        expect(decision.runs.length).toBeGreaterThan(0);
      }
      expect(new Set(capacities.map(capacityText)).size).toBe(capacities.length);
    });
  });

  it("with probes of learning rates fits the best of them afresh, and lets no probe stand", () => {
    let fitted = 0;
    holds(({ preset, recipe: { learningRate } }, history) => {
      // Preset rows has no search: it trains one network at the one rate that its experiment answered with.
      if (learningRate.kind !== "probe" || preset === "rows") return;
      for (const { number, runs } of readTrials(history)) {
        for (const { outcome: run } of summariseTrial(history, number).all) expect([run.purpose, run.maxEpochs]).not.toContain("probe");
        const probes = runs.map(({ outcome: run }) => run).filter(({ purpose }) => purpose === "probe");
        expect(probes.every(({ maxEpochs }) => maxEpochs === learningRate.epochs)).toBe(true);
        const losses = probes.flatMap((run) => (run.status === "COMPLETED" ? [run.validationLoss] : []));
        const best = probes.find((run) => run.status === "COMPLETED" && run.validationLoss === Math.min(...losses));
        const fits = runs.map(({ outcome: run }) => run).filter(({ purpose }) => purpose === "fit");
        if (best === undefined) continue;
        fitted += fits.length;
        expect(fits.every((run) => run.learningRate === best.learningRate && run.seed !== best.seed && run.maxEpochs === undefined)).toBe(
          true,
        );
      }
    });
    expect(fitted).toBeGreaterThan(20);
  });

  it("gives the same decision on the same history, and every decision again from its prefix, byte for byte", () => {
    holds((context, history) => {
      history.forEach(({ decision }, index) => {
        const copy: History = JSON.parse(JSON.stringify(history.slice(0, index)));
        expect(canonicalText(decide(context, copy))).toBe(canonicalText(decision));
      });
    });
  });

  it("keeps finite numbers of at most 12 digits in its evidence, and a sentence as its reason", () => {
    holds((_, history) => {
      for (const { decision } of history) {
        expect(decision.reason.length).toBeGreaterThan(10);
        const numbers = canonicalText(decision.evidence).match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g) ?? [];
        for (const number of numbers) expect(Number(Number(number).toPrecision(12))).toBe(Number(number));
      }
    });
  });
});
