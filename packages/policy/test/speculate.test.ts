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
  describe("while learning rates are probed", () => {
    const learningRate = { kind: "probe", values: [0.001, 0.01, 0.1], epochs: 2 } as const;
    const probing = contextOf("course", { recipe: { ...context.recipe, learningRate } });
    const best = (rate: number) =>
      simulate(probing, (request, { capacity, number }) =>
        outcome(request, capacity, 5 - number + (request.learningRate === rate ? 0 : 0.1)),
      );
    const ratesOf = (index: number, known: readonly (number | "diverged" | null)[]) => {
      const history = best(0.01);
      const decision = history[index]?.decision as Exclude<Decision, Finish>;
      const outcomes = decision.runs.map((run, at) =>
        known[at] == null ? null : outcome(run, { hiddenLayers: 1, nodesPerLayer: 100 }, known[at] === "diverged" ? null : known[at]),
      );
      const candidates = speculate(probing, history.slice(0, index), { decision, outcomes }, { depth: 1 });
      return candidates.map(({ kind, runs, probability }) => [kind, runs[0]?.learningRate, Number(probability.toFixed(3))]);
    };

    it("a fit at each of them may follow: at first none is likelier, later the one that was best before", () => {
      expect(ratesOf(0, [null, null, null])).toEqual([
        ["replicate", 0.001, 0.333],
        ["replicate", 0.01, 0.333],
        ["replicate", 0.1, 0.333],
      ]);
      expect(ratesOf(4, [null, null, null])[0]).toEqual(["replicate", 0.01, 0.6]);
    });
    it("those that ended behind the best are out", () => {
      expect(ratesOf(0, [0.3, 0.2, null]).map(([, rate]) => rate)).toEqual([0.01, 0.1]);
      expect(ratesOf(0, [0.3, 0.2, 0.4])).toEqual([["replicate", 0.01, 1]]);
    });
    it("those that diverged are out, also while no other has ended", () => {
      expect(ratesOf(0, ["diverged", null, null])).toEqual([
        ["replicate", 0.01, 0.5],
        ["replicate", 0.1, 0.5],
      ]);
    });
    it("the next trial's probes are rate probes", () => {
      const history = best(0.01);
      const decision = history[3]?.decision as Exclude<Decision, Finish>;
      const candidates = speculate(probing, history.slice(0, 3), { decision, outcomes: [null] }, { depth: 1 });
      expect(candidates.map(({ kind, runs }) => [kind, runs.length, runs[0]?.maxEpochs])).toEqual([
        ["rate", 3, 2],
        ["rate", 3, 2],
      ]);
    });
  });
  it("uses the runs of the trial that have ended, and is certain when all have", () => {
    const { decision } = waiting(2);
    const ended = decision.runs.map((run) => outcome(run, { hiddenLayers: 2, nodesPerLayer: 250 }, 4.4));
    const candidates = speculate(context, recorded.slice(0, 2), { decision, outcomes: ended }, { depth: 1 });
    expect(candidates).toMatchObject([{ capacity: { hiddenLayers: 3, nodesPerLayer: 250 }, probability: 1 }]);
    expect(decide(context, recorded.slice(0, 3))).toMatchObject({ capacity: candidates[0]?.capacity });
  });
});
