/** What `grid` and `random` share: a list of capacities, each fitted as often, and the best mean at the end. */
import {
  type Capacity,
  capacityText,
  type Decision,
  type History,
  type PolicyContext,
  parameterCount,
  type RunRequest,
} from "@rightsize/core";
import { bestTrial } from "./best-trial.ts";
import { bareComparison, evidenceOf } from "./evidence.ts";
import { numberText } from "./numbers.ts";
import { learningRates, replicateRun } from "./runs.ts";
import { readTrials, summarise } from "./trials.ts";

/** Tries the capacities in their order, `fits` fits each (each at every rate of a sweep), and answers with the least mean. */
export function tryInOrder(
  rule: string,
  context: PolicyContext,
  capacities: readonly Capacity[],
  fits: number,
  history: History,
): Decision {
  const trials = readTrials(history);
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
    return { action: "START_TRIAL", about, nextStep, capacity, runs: requests(context, fits), reason, evidence };
  }
  if (best === null) {
    const reason = `${told}none of ${capacities.length} networks has a score: done, without an answer`;
    return { action: "FINISH", about, winner: null, verdict: "nothing_trainable", reason, evidence };
  }
  const answer = `the answer is ${capacityText(best.capacity)} with ${numberText(summarise(best).score as number)}`;
  const reason = `${told}all ${capacities.length} networks are tried: done, ${answer}`;
  return { action: "FINISH", about, winner: best.number, verdict: "converged", reason, evidence };
}

function requests(context: PolicyContext, fits: number): readonly RunRequest[] {
  return learningRates(context).flatMap((rate) =>
    Array.from({ length: fits }, (_, replicate) => replicateRun(context, "fit", replicate, rate)),
  );
}

function scoreText(score: number | null): string {
  return score === null ? "has no score (it diverged)" : `scored ${numberText(score)}`;
}
