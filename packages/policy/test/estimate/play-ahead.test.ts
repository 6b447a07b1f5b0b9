/** Searches played ahead: repeatable, within what is believed, and through what was measured before. */
import { capacityText } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { finalGap, gapOfFits, playAhead, presets, readTrials, type TrainingBeliefs } from "../../src/index.ts";
import { contextOf } from "../support.ts";

const beliefs: TrainingBeliefs = { bestEpoch: 60, bestEpochSpread: 0.7, runSpread: 0.3, noise: 0.05, noiseSpread: 0.5, known: [] };
const draws = Array.from({ length: 20 }, (_, draw) => draw);

describe("a search played ahead", () => {
  it.each(Object.keys(presets))("of preset %s ends, and is the same for the same draw", (preset) => {
    const history = playAhead(contextOf(preset), beliefs, 3);
    expect(history.at(-1)?.decision.action).toBe("FINISH");
    expect(playAhead(contextOf(preset), beliefs, 3)).toEqual(history);
  });

  it("differs from draw to draw: some climb far, some stay small", () => {
    const paths = draws.map((draw) =>
      readTrials(playAhead(contextOf("course"), beliefs, draw))
        .map(({ capacity }) => capacityText(capacity))
        .join(" "),
    );
    expect(new Set(paths).size).toBeGreaterThan(2);
  });

  it("trains as long as is believed: epochs follow the best epoch and the recipe's patience, never beyond its cap", () => {
    const context = contextOf("random", { parameters: { trials: 4 } });
    const epochsAt = (bestEpoch: number) =>
      draws.flatMap((draw) =>
        playAhead(context, { ...beliefs, bestEpoch }, draw).flatMap(({ outcomes }) => outcomes.map(({ epochs }) => epochs)),
      );
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(epochsAt(120))).toBeGreaterThan(1.3 * mean(epochsAt(20)));
    expect(Math.max(...epochsAt(5000))).toBe(context.recipe.maxEpochs);
    expect(Math.min(...epochsAt(1))).toBeGreaterThanOrEqual(context.recipe.patience + 1);
  });

  it("trains what is cut short no longer than that, and calls it no capped run", () => {
    const { recipe } = contextOf("random");
    const learningRate = { kind: "probe", values: [0.001, 0.01], epochs: 4 } as const;
    const history = playAhead(contextOf("random", { parameters: { trials: 4 }, recipe: { ...recipe, learningRate } }), beliefs, 3);
    const runs = history.flatMap(({ outcomes }) => outcomes);
    expect(runs.map(({ purpose, epochs }) => (purpose === "probe" ? epochs : "fit"))).toEqual(Array(4).fill([4, 4, "fit"]).flat());
    expect(runs.some((run) => run.status === "COMPLETED" && run.capped)).toBe(false);
  });

  it("goes through the sizes that were trained before", () => {
    const start = { hiddenLayers: 1, nodesPerLayer: 64 };
    const known = [{ capacity: start, level: Math.log(0.05), variance: 1e-6 }];
    const losses = draws.flatMap((draw) => {
      const [trial] = readTrials(
        playAhead(contextOf("default", { parameters: { linear: false } }), { ...beliefs, noise: 1e-6, known }, draw),
      );
      return trial?.runs.map(({ outcome }) => (outcome.status === "COMPLETED" ? outcome.validationLoss : 0)) ?? [];
    });
    for (const loss of losses) expect(loss).toBeCloseTo(0.05, 3);
  });

  it("ends after so many trials where it is told to", () => {
    expect(readTrials(playAhead(contextOf("grid"), beliefs, 1, 5))).toHaveLength(5);
  });
});

describe("the smallest difference that a search can show", () => {
  it("is read from its last comparisons, and grows with the noise", () => {
    // What the search believes of the noise beforehand weighs little here, so that what it measures shows.
    const measuring = contextOf("default", { parameters: { startFits: 3, noise: { deviation: 0.02, weight: 1 } } });
    const gapAt = (noise: number) => {
      const gaps = draws.map((draw) => finalGap(playAhead(measuring, { ...beliefs, noise, noiseSpread: 0 }, draw)) as number);
      return gaps.sort((a, b) => a - b)[10] as number;
    };
    expect(gapAt(0.01)).toBeGreaterThan(0.01);
    expect(gapAt(0.2)).toBeGreaterThan(2 * gapAt(0.01));
  });

  it("is unknown to a preset without words, and then follows from the noise and the fits a side", () => {
    expect(finalGap(playAhead(contextOf("course"), beliefs, 1))).toBeNull();
    // t(0.95, 4 degrees) = 2.132 (any table of Student's t), times 5 % √2.
    expect(gapOfFits({ noise: 0.05, fits: 1 })).toBeCloseTo(2.132 * 0.05 * Math.SQRT2, 4);
    expect(gapOfFits({ noise: 0.05, fits: 4 })).toBeCloseTo(gapOfFits({ noise: 0.05, fits: 1 }) / 2, 10);
  });
});
