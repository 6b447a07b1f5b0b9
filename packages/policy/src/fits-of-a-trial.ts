/** The fits of a trial as `course`, `grid` and `random` ask for them: at every rate of a sweep at once, or at the one that short probes chose. */
import type { AddRuns, PolicyContext, RunRequest } from "@rightsize/core";
import { evidenceOf } from "./evidence.ts";
import { chosenRateText, fitsAtRate, learningRates, rateProbes } from "./runs.ts";
import { summarise, type TrialView } from "./trials.ts";

/** What a trial begins with: its fits, or a probe of each rate. */
export function firstRuns(context: PolicyContext, fits: number): readonly RunRequest[] {
  if (context.recipe.learningRate.kind === "probe") return rateProbes(context);
  return learningRates(context).flatMap((rate) => fitsAtRate(context, rate, fits));
}

/** The fits that the last trial's probes were for; null where it has them, or can't have any because every probe diverged. */
export function fitsAfterProbes(rule: string, context: PolicyContext, trials: readonly TrialView[], fits: number): AddRuns | null {
  const latest = trials[trials.length - 1];
  const rate = latest === undefined ? null : summarise(latest).rateToFit;
  if (latest === undefined || rate === null) return null;
  return {
    action: "ADD_RUNS",
    trial: latest.number,
    runs: fitsAtRate(context, rate, fits),
    reason: chosenRateText(latest, rate),
    evidence: evidenceOf(rule, [latest]),
  };
}
