/** What one run of an assignment is trained with: its engine, its data and its network. */
import { type ArtifactStore, type Engine, type NetworkSpec, recipeOfRun, type TrainingRun, type TrainingWork } from "@rightsize/core";
import type { PreparedFold } from "./fold-cache.ts";

export interface RunContext {
  readonly artifacts: ArtifactStore;
  /** How often a running training is checkpointed, in milliseconds. */
  readonly checkpointEveryMs: number;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly engine: Engine;
  readonly work: TrainingWork;
  readonly run: TrainingRun;
  readonly data: PreparedFold;
}

/** The network of an assignment on its data, for its run. */
export function networkOf({ work, run, data }: RunContext, capacity = work.capacity): NetworkSpec {
  return {
    inputs: data.fold.tensors.inputs,
    outputs: work.plan.outputs,
    capacity,
    task: work.spec.task,
    recipe: recipeOfRun(work.recipe, run),
    classWeights: work.recipe.classWeights === "balanced" ? data.fold.classWeights : null,
  };
}
