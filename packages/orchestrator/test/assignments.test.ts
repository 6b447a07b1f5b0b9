/** Which runs of a decision share an assignment: small networks of one fold, on the engine that trains them side by side. */
import { countedIds, type Decision, type ExperimentSnapshot, type Recipe, type RunRequest, type RunState } from "@rightsize/core";
import { describe, expect, it, test } from "vitest";
import { examplePlan, exampleSpec } from "../../../test/support/examples.ts";
import { applyDecision, unaskedAssignments } from "../src/apply-decision.ts";

const runs = (count: number, folds = 1): RunRequest[] =>
  Array.from({ length: count }, (_, index) => ({ purpose: "fit", seed: index, fold: index % folds, learningRate: 0.001 }));

/** The runs of each assignment, as `fold: seeds`. */
function assigned(asked: readonly RunRequest[], nodesPerLayer: number, engine: "onnx" | "scripted" = "onnx", change: Partial<Recipe> = {}) {
  const spec = exampleSpec({ engine: engine === "onnx" ? { name: "onnx" } : exampleSpec().engine });
  const experiment = { id: "exp_1", spec: { ...spec, recipe: { ...spec.recipe, ...change } }, plan: examplePlan({ folds: 3 }) };
  const none = { trials: [], runs: [] };
  const snapshot = { experiment, decisions: [], ...none, speculative: none } as unknown as ExperimentSnapshot;
  const capacity = { hiddenLayers: 1, nodesPerLayer };
  const decision = { action: "START_TRIAL", capacity, runs: asked, about: null, nextStep: null } as unknown as Decision;
  const { assignments } = applyDecision(snapshot, 1, decision, countedIds());
  expect(assignments.flatMap((one) => one.runs.map(({ position }) => position)).sort((a, b) => a - b)).toEqual(asked.map((_, at) => at));
  return assignments.map((one) => `${one.runs[0]?.fold}: ${one.runs.map(({ seed }) => seed).join(" ")}`);
}

test("replicates of a small network are one assignment, of a large one an assignment each", () => {
  expect(assigned(runs(3), 64)).toEqual(["0: 0 1 2"]);
  expect(assigned(runs(3), 2500)).toEqual(["0: 0", "0: 1", "0: 2"]);
});
test("each fold has its own assignment, in the order of the decision", () => {
  expect(assigned(runs(6, 3), 64)).toEqual(["0: 0 3", "1: 1 4", "2: 2 5"]);
});
test("an assignment holds as many runs as one graph", () => {
  expect(assigned(runs(18), 64)).toEqual([`0: ${Array.from({ length: 16 }, (_, seed) => seed).join(" ")}`, "0: 16 17"]);
});
test("what the engine trains one after another stays apart: other engines, clipped gradients", () => {
  expect(assigned(runs(2), 64, "scripted")).toEqual(["0: 0", "0: 1"]);
  expect(assigned(runs(2), 64, "onnx", { gradientClipNorm: 1 })).toEqual(["0: 0", "0: 1"]);
});

describe("an assignment begun early, of which a decision took a part", () => {
  /** Of assignment asg_part one run is asked for, in this state, and another runs unasked; of asg_early nothing is asked for. */
  function snapshotWith(state: RunState): ExperimentSnapshot {
    const experiment = { id: "exp_1", spec: exampleSpec(), plan: examplePlan() };
    const trial = { id: "trl_1", number: 1, capacity: { hiddenLayers: 1, nodesPerLayer: 8 }, recipe: exampleSpec().recipe };
    const early = (id: string, assignmentId: string) => ({ id, assignmentId, trialId: trial.id, state: "RUNNING", contentHash: id });
    const runs = [{ id: "run_1", assignmentId: "asg_part", trialId: trial.id, state }];
    const speculative = { trials: [], runs: [early("run_2", "asg_part"), early("run_3", "asg_early")] };
    return { experiment, decisions: [], trials: [trial], runs, speculative } as unknown as ExperimentSnapshot;
  }
  const cancelledBy = (decision: object) =>
    applyDecision(snapshotWith("COMPLETED"), 2, { runs: [], ...decision } as unknown as Decision, countedIds()).cancelAssignments;

  it("goes on while that part is trained", () => {
    expect(unaskedAssignments(snapshotWith("RUNNING"), [])).toEqual(["asg_early"]);
  });
  it("is given up with the recipe that its rest was begun under: a lost lease would train that under the new one", () => {
    expect(cancelledBy({ action: "CHANGE_RECIPE", trial: 1, change: { maxEpochs: 400 } })).toEqual(["asg_part", "asg_early"]);
  });
  it("is given up at the end", () => {
    expect(cancelledBy({ action: "FINISH", about: 1, winner: 1 })).toEqual(["asg_part", "asg_early"]);
  });
});
