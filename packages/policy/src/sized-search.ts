/** What `grid` and `random` share: a list of capacities, each fitted as often, and the best mean at the end. */
import { type Capacity, capacityText, type Decision, type History, type PolicyContext, parameterCount } from "@rightsize/core";
import { bestTrial } from "./best-trial.ts";
import { bareComparison, evidenceOf } from "./evidence.ts";
import { firstRuns, fitsAfterProbes } from "./fits-of-a-trial.ts";
import { numberText } from "./numbers.ts";
import { readTrials, summarise } from "./trials.ts";

/** Tries the capacities in their order, `fits` fits each (at every rate of a sweep, or at the rate that probes chose), and answers with the least mean. */
export function tryInOrder(
  rule: string,
  context: PolicyContext,
  capacities: readonly Capacity[],
  fits: number,
  history: History,
): Decision {
  const trials = readTrials(history);
  const probed = fitsAfterProbes(rule, context, trials, fits);
  if (probed !== null) return probed;
  const latest = trials[trials.length - 1];
  const best = bestTrial(trials);
  const capacity = capacities[trials.length];
  const comparison = latest === undefined || best === null || latest === best ? null : bareComparison(latest, best);
  const about = latest?.number ?? null;
  const told = latest === undefined ? "" : `${capacityText(latest.capacity)} ${scoreText(summarise(latest).score)}: `;
  const evidence = evidenceOf(rule, trials, comparison === null ? [] : [comparison]);
  if (capacity !== undefined) {
    const size = (of: Capacity) => parameterCount(context.inputs, of, context.outputs);
    const nextStep = latest === undefined ? null : size(capacity) >= size(latest.capacity) ? "INCREASE_CAPACITY" : "DECREASE_CAPACITY";
    const place = `number ${trials.length + 1} of ${capacities.length}`;
    const reason = `${told}${told === "" ? "Try" : "try"} ${capacityText(capacity)}, ${place}`;
    return { action: "START_TRIAL", about, nextStep, capacity, runs: firstRuns(context, fits), reason, evidence };
  }
  if (best === null) {
    const reason = `${told}none of ${capacities.length} networks has a score: done, without an answer`;
    return { action: "FINISH", about, winner: null, verdict: "nothing_trainable", reason, evidence };
  }
  const answer = `the answer is ${capacityText(best.capacity)} with ${numberText(summarise(best).score as number)}`;
  const reason = `${told}all ${capacities.length} networks are tried: done, ${answer}`;
  return { action: "FINISH", about, winner: best.number, verdict: "converged", reason, evidence };
}

function scoreText(score: number | null): string {
  return score === null ? "has no score (it diverged)" : `scored ${numberText(score)}`;
}
