/** Random search: the seed draws the networks. */
import { describe, expect, it } from "vitest";
import { parseSearch, simulate, trialTable } from "../../src/index.ts";
import { drawnCapacities, randomParameters } from "../../src/presets/random.ts";
import { byCapacity, contextOf } from "../support.ts";

const draw = (seed: number, parameters = {}) => drawnCapacities(seed, randomParameters.parse(parameters));

describe("random search", () => {
  it("draws the same networks from the same seed, others from another", () => {
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
    expect(draw(3)).toHaveLength(12);
  });

  it("draws a longer list that begins with the shorter one", () => {
    expect(draw(5, { trials: 30 }).slice(0, 12)).toEqual(draw(5));
  });

  it("stays in its ranges, evenly in layers and in octaves of nodes", () => {
    const many = draw(1, { trials: 1000, nodesPerLayer: { least: 16, most: 1024 } });
    expect(
      many.every(
        ({ hiddenLayers, nodesPerLayer }) => hiddenLayers >= 1 && hiddenLayers <= 4 && nodesPerLayer >= 16 && nodesPerLayer <= 1024,
      ),
    ).toBe(true);
    const deep = many.filter(({ hiddenLayers }) => hiddenLayers === 4).length;
    const narrow = many.filter(({ nodesPerLayer }) => nodesPerLayer < 128).length;
    expect(deep).toBeGreaterThan(200);
    expect(deep).toBeLessThan(300);
    // Repeats are drawn again, and narrow sizes repeat more often: somewhat less than half.
    expect(narrow).toBeGreaterThan(300);
    expect(narrow).toBeLessThan(520);
  });

  it("tries a space smaller than its trials whole, and no network twice", () => {
    const whole = draw(2, { hiddenLayers: { least: 1, most: 2 }, nodesPerLayer: { least: 4, most: 7 } });
    expect(new Set(whole.map(({ hiddenLayers, nodesPerLayer }) => `${hiddenLayers} ${nodesPerLayer}`)).size).toBe(8);
  });

  it("answers with the best mean", () => {
    const context = contextOf("random");
    const third = drawnCapacities(context.seed, randomParameters.parse({}))[2];
    const rows = trialTable(simulate(context, byCapacity({ [`${third?.hiddenLayers}×${third?.nodesPerLayer}`]: 0.1 }, 0.5)));
    expect(rows.findIndex(({ winner }) => winner)).toBe(2);
  });

  it("refuses a range that is upside down", () => {
    expect(parseSearch({ preset: "random", parameters: { nodesPerLayer: { least: 9, most: 8 } } })).toMatchObject({
      ok: false,
      issues: [{ where: "/search/parameters/nodesPerLayer", required: "a least number that is not above the most" }],
    });
  });
});
