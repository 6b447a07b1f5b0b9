/** Made-up outcomes name what the policy may want next, and nothing else. */
import { type Capacity, capacityText, type Decision, type Finish, type RunRequest } from "@rightsize/core";
import { describe, expect, it } from "vitest";
import { decide, simulate, speculate } from "../src/index.ts";
import { byCapacity, contextOf, inOrder, outcome } from "./support.ts";

const context = contextOf("course");
const recorded = simulate(context, inOrder(5.4, 4.8, 4.4, 4.5, 4.3));
const waiting = (index: number) => {
  const decision = recorded[index]?.decision as Exclude<Decision, Finish>;
  return { decision, outcomes: decision.runs.map(() => null) };
};
const names = (index: number, depth: number) =>
  speculate(context, recorded.slice(0, index), waiting(index), { depth }).map(({ capacity }) => capacityText(capacity));

describe("speculate", () => {
  it("names the rung up and the step back while a rung trains, the cheaper first among equals", () => {
    expect(names(1, 1)).toEqual(["1×200", "2×250"]);
  });
  it("takes the rung up for the likelier one where rungs have paid so far", () => {
    expect(names(2, 1)).toEqual(["3×250", "2×200"]);
    const [up] = speculate(context, recorded.slice(0, 2), waiting(2), { depth: 1 });
    expect(up?.probability).toBeCloseTo(2 / 3, 12);
  });
  it("goes on from what is known of a candidate already, and guesses nothing there", () => {
    const known = (capacity: Capacity, _change: unknown, run: RunRequest) =>
      capacityText(capacity) === "3×250" ? outcome(run, capacity, 9) : null;
    const candidates = speculate(context, recorded.slice(0, 2), waiting(2), { depth: 2, known });
    expect(candidates.map(({ capacity }) => capacityText(capacity))).toEqual(["3×200", "3×250", "2×200"]);
  });
  it("follows the likeliest path first where only so many are wanted", () => {
    const few = speculate(context, recorded.slice(0, 2), waiting(2), { depth: 9, most: 5 });
    expect(few.map(({ capacity }) => capacityText(capacity)).slice(0, 3)).toEqual(["3×250", "4×250", "2×200"]);
    expect(few.length).toBeLessThanOrEqual(6);
  });
  it("looks further ahead when asked", () => {
    expect(names(2, 2)).toEqual(expect.arrayContaining(["3×250", "2×200", "3×200", "4×250"]));
  });
  it("names nothing when only the end can follow", () => {
    expect(names(4, 2)).toEqual([]);
  });
  it("gives probabilities that add up to at most 1 a step", () => {
    const total = speculate(context, recorded.slice(0, 2), waiting(2), { depth: 1 }).reduce((sum, { probability }) => sum + probability, 0);
    expect(total).toBeCloseTo(1, 12);
  });
  it("names what is then asked for, run for run", () => {
    const next = recorded[3]?.decision;
    const candidates = speculate(context, recorded.slice(0, 2), waiting(2), { depth: 1 });
    expect(
      candidates.some(
        ({ runs, capacity }) =>
          next?.action === "START_TRIAL" &&
          capacityText(capacity) === capacityText(next.capacity) &&
          JSON.stringify(runs) === JSON.stringify(next.runs),
      ),
    ).toBe(true);
  });
  it("puts replicates before capacities, though a capacity be cheaper and likelier", () => {
    const measured = contextOf("default", { parameters: { explore: { fewestNodes: 1024, leastGain: 0, gainForWork: 0 } } });
    const history = simulate(measured, byCapacity({ "2×128": 0.5 }, 0.52));
    const decision = history[3]?.decision as Exclude<Decision, Finish>;
    expect(decision).toMatchObject({ capacity: { hiddenLayers: 3, nodesPerLayer: 256 } });
    const candidates = speculate(measured, history.slice(0, 3), { decision, outcomes: [null] });
    expect(candidates[0]).toMatchObject({ kind: "replicate", runs: [{ purpose: "finals" }] });
    const probe = candidates.find(({ kind, capacity }) => kind === "capacity" && capacityText(capacity) === "3×16");
    expect(probe?.probability).toBeGreaterThan(candidates[0]?.probability ?? 1);
  });
  it("uses the runs of the trial that have ended, and is certain when all have", () => {
    const { decision } = waiting(2);
    const ended = decision.runs.map((run) => outcome(run, { hiddenLayers: 2, nodesPerLayer: 250 }, 4.4));
    const candidates = speculate(context, recorded.slice(0, 2), { decision, outcomes: ended }, { depth: 1 });
    expect(candidates).toMatchObject([{ capacity: { hiddenLayers: 3, nodesPerLayer: 250 }, probability: 1 }]);
    expect(decide(context, recorded.slice(0, 3))).toMatchObject({ capacity: candidates[0]?.capacity });
  });
});
