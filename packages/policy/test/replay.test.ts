/** What if: other parameters on the results that are there. */
import { capacityText } from "@rightsize/core";
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

  it("takes results from several searches", () => {
    const other = simulate({ ...context, parameters: { stepBack: { factor: 0.5 } } }, inOrder(5.4, 4.8, 4.4, 4.5, 4.2));
    const both = replay({ ...context, parameters: { stepBack: { factor: 0.5 } } }, [recorded, other]);
    expect(both.missing).toBeNull();
  });
});
