/** SHA-256 of plain data, and the content address of a run: a hash of everything that determines its result. */
import { createHash } from "node:crypto";
import {
  type Capacity,
  canonicalText,
  type ExperimentPlan,
  type ExperimentSpec,
  type Recipe,
  type RunRequest,
  recipeOfRun,
  type Sha256,
} from "@rightsize/core";

/** Raised when a change of our code changes results for the same question. */
const graphVersion = 1;

/** SHA-256 of a value's canonical text. */
export function contentHash(value: unknown): Sha256 {
  return textHash(canonicalText(value));
}

/** SHA-256 of a text's UTF-8 bytes. */
export function textHash(text: string): Sha256 {
  return createHash("sha256").update(text, "utf8").digest("hex") as Sha256;
}

/**
 * What names a run (rule 4 of the design). The plan's artifact covers the target, the split's rows, the features and the fitted
 * preprocessing; the engine's fingerprint is pinned to the experiment and compared beside the hash.
 */
export function runContentHash(spec: ExperimentSpec, plan: ExperimentPlan, capacity: Capacity, recipe: Recipe, run: RunRequest): Sha256 {
  const { learningRate: _rates, ...recipeWithoutRate } = recipeOfRun(recipe, run);
  const place = plan.sameAs?.[run.fold] ?? { plan: plan.artifact, fold: run.fold };
  return contentHash({
    graphVersion,
    dataset: spec.dataset,
    plan: place.plan,
    engine: spec.engine,
    capacity,
    recipe: recipeWithoutRate,
    learningRate: run.learningRate,
    seed: run.seed,
    fold: place.fold,
    finalise: run.purpose === "finalise",
    // A run that is cut short isn't said to have ended at its cap: a whole one with that cap is.
    ...(run.maxEpochs === undefined ? {} : { cutShort: true }),
  });
}
