/** Which runs a preset asks for: seeds follow from the experiment's seed, rates from its recipe. */
import type { PolicyContext, RunPurpose, RunRequest } from "@rightsize/core";

/** Seeds wrap here: every seed is a whole number in [0, 2^53). */
const seedCount = Number.MAX_SAFE_INTEGER;

/** Seed of a replicate (from 0): the experiment's seed plus its number. Every trial uses the same seeds, so that runs can be paired. */
export function replicateSeed(context: PolicyContext, replicate: number): number {
  return context.seed > seedCount - replicate ? context.seed - seedCount + replicate : context.seed + replicate;
}

/** The request for one replicate: fold = replicate modulo the plan's folds (a plain split has fold 0 alone). */
export function replicateRun(context: PolicyContext, purpose: RunPurpose, replicate: number, learningRate: number): RunRequest {
  return { purpose, seed: replicateSeed(context, replicate), fold: replicate % Math.max(1, context.folds), learningRate };
}

/** The recipe's learning rates without repeats: one, or those of its sweep. */
export function learningRates(context: PolicyContext): readonly number[] {
  const { learningRate } = context.recipe;
  return learningRate.kind === "fixed" ? [learningRate.value] : [...new Set(learningRate.values)];
}

/** One fit for each learning rate, all of replicate 0. */
export function oneFitPerRate(context: PolicyContext): readonly RunRequest[] {
  return learningRates(context).map((rate) => replicateRun(context, "fit", 0, rate));
}
