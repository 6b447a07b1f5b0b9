/** Which runs a preset asks for: seeds follow from the experiment's seed, rates from its recipe. */
import { capacityText, type PolicyContext, type RunPurpose, type RunRequest } from "@rightsize/core";
import { numberText } from "./numbers.ts";
import { isCutShort, type TrialView } from "./trials.ts";

/** Seeds wrap here: every seed is a whole number in [0, 2^53). */
const seedCount = Number.MAX_SAFE_INTEGER;

/** Learning-rate probes take this replicate's seed, so that a chosen rate is fitted afresh: the best of several is never the evidence. */
const probeReplicate = 1000;

/** Seed of a replicate (from 0): the experiment's seed plus its number. Every trial uses the same seeds, so that runs can be paired. */
export function replicateSeed(context: PolicyContext, replicate: number): number {
  return context.seed > seedCount - replicate ? context.seed - seedCount + replicate : context.seed + replicate;
}

/** The request for one replicate: fold = replicate modulo the plan's folds (a plain split has fold 0 alone). */
export function replicateRun(context: PolicyContext, purpose: RunPurpose, replicate: number, learningRate: number): RunRequest {
  return { purpose, seed: replicateSeed(context, replicate), fold: replicate % Math.max(1, context.folds), learningRate };
}

/** The recipe's learning rates without repeats: one, or those that it tries. */
export function learningRates(context: PolicyContext): readonly number[] {
  const { learningRate } = context.recipe;
  return learningRate.kind === "fixed" ? [learningRate.value] : [...new Set(learningRate.values)];
}

/** Fits of replicates 0, 1, 2, … at a rate. */
export function fitsAtRate(context: PolicyContext, rate: number, count: number): readonly RunRequest[] {
  return Array.from({ length: count }, (_, replicate) => replicateRun(context, "fit", replicate, rate));
}

/** One probe for each learning rate: cut short where the recipe probes, whole where it sweeps. */
export function rateProbes(context: PolicyContext): readonly RunRequest[] {
  const { learningRate } = context.recipe;
  const cut = learningRate.kind === "probe" ? { maxEpochs: learningRate.epochs } : {};
  return learningRates(context).map((rate) => ({ ...replicateRun(context, "probe", probeReplicate, rate), ...cut }));
}

/** Why a rate is fitted, for example `2×128 learned best at a rate of 0.01 within 5 epochs: fit it afresh at that rate`. */
export function chosenRateText({ capacity, runs }: TrialView, rate: number): string {
  const cut = runs.find(isCutShort)?.outcome.maxEpochs;
  const within = cut === undefined ? "" : ` within ${cut} ${cut === 1 ? "epoch" : "epochs"}`;
  return `${capacityText(capacity)} learned best at a rate of ${numberText(rate)}${within}: fit it afresh at that rate`;
}
