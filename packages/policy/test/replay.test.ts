/** What if: other parameters on the results that are there. */
import { capacityText, type LearningRate } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { replay, simulate, trialTable } from "../src/index.ts";
import { contextOf, inOrder } from "./support.ts";

const context = contextOf("course");
const recorded = simulate(context, inOrder(5.4, 4.8, 4.4, 4.5, 4.3));

describe("replay", () => {
  it("under the same parameters gives the same history", () => {
    expect(replay(context, [recorded])).toEqual({ history: recorded, missing: null });
  });

  it("under other parameters gives the table they would have given, where the results are there", () => {
    const shorter = replay({ ...context, parameters: { layerCeiling: 2 } }, [recorded]);
    expect(shorter.missing).toBeNull();
    expect(trialTable(shorter.history).map(({ capacity, nextStep }) => `${capacityText(capacity)} ${nextStep}`)).toEqual([
      "1×100 INCREASE_CAPACITY",
      "1×250 INCREASE_CAPACITY",
      "2×250 DONE",
    ]);
  });

  it("says which result it lacks, with the table as far as it goes", () => {
    const other = replay({ ...context, parameters: { stepBack: { factor: 0.5 } } }, [recorded]);
    expect(other.history).toHaveLength(4);
    expect(other.missing).toMatchObject({ capacity: { hiddenLayers: 3, nodesPerLayer: 125 }, runs: [{ seed: 7 }] });
  });

  it("lacks everything under another seed", () => {
    expect(replay({ ...context, seed: 8 }, [recorded]).missing?.capacity).toEqual({ hiddenLayers: 1, nodesPerLayer: 100 });
  });

  it("takes no short probe for a whole run, nor the other way round", () => {
    const rates = { values: [0.001, 0.01] };
    const withRate = (learningRate: LearningRate) => ({ ...context, recipe: { ...context.recipe, learningRate } });
    const probing = withRate({ kind: "probe", ...rates, epochs: 2 });
    const probed = simulate(probing, inOrder(5.4, 4.8, 4.4, 4.5, 4.3));
    expect(replay(probing, [probed])).toEqual({ history: probed, missing: null });
    expect(replay(withRate({ kind: "probe", ...rates, epochs: 3 }), [probed]).missing?.runs).toHaveLength(2);
    // Measured beforehand by somebody, at the seed of a probe, in full.
    const whole = simulate({ ...withRate({ kind: "fixed", value: 0.001 }), seed: 1007 }, inOrder(5.4));
    expect(replay(probing, [whole]).missing?.runs).toHaveLength(2);
  });

  it("takes results from several searches", () => {
    const other = simulate({ ...context, parameters: { stepBack: { factor: 0.5 } } }, inOrder(5.4, 4.8, 4.4, 4.5, 4.2));
    const both = replay({ ...context, parameters: { stepBack: { factor: 0.5 } } }, [recorded, other]);
    expect(both.missing).toBeNull();
  });
});
