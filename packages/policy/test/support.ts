/** What the policy's tests share: a question, outcomes by score, and searches over scripted scores. */
import {
  type Capacity,
  capacityText,
  defaultRecipe,
  type PolicyContext,
  parameterCount,
  type RunOutcome,
  type RunRequest,
} from "@rightsize/core";
import { type OutcomesOf, presetRecipe, simulate, trialTable } from "../src/index.ts";

/** A regression on 8 columns with a plain split of 700 and 300 rows. */
export function contextOf(preset: string, changes: Partial<PolicyContext> = {}): PolicyContext {
  return {
    preset,
    parameters: {},
    task: "regression",
    recipe: presetRecipe(preset) ?? defaultRecipe,
    seed: 7,
    inputs: 8,
    outputs: 1,
    trainingRows: 1400,
    validationRows: 600,
    folds: 1,
    meanPredictorLoss: [1],
    ...changes,
  };
}

/** A run that ended with a validation loss, or without one (null). */
export function outcome(request: RunRequest, capacity: Capacity, loss: number | null, more: Partial<RunOutcome> = {}): RunOutcome {
  const cost = 20 * 1400 * parameterCount(8, capacity, 1);
  if (loss === null) return { ...request, status: "DIVERGED", epochs: 3, cost };
  const completed = { status: "COMPLETED", validationLoss: loss, trainingLoss: loss, epochs: 20, bestEpoch: 18, capped: false } as const;
  return { ...request, ...completed, symptoms: [], cost, ...more } as RunOutcome;
}

/** Outcomes by trial number from 1; trials beyond the list repeat its last score. */
export function inOrder(...scores: readonly (number | null)[]): OutcomesOf {
  return (request, { number, capacity }) => outcome(request, capacity, scores[Math.min(number, scores.length) - 1] ?? null);
}

/** Outcomes by capacity, for example `{ "1×100": 5.4 }`; others get `otherwise`. */
export function byCapacity(scores: Readonly<Record<string, number | null>>, otherwise: number | null): OutcomesOf {
  return (request, { capacity }) => {
    const score = scores[capacityText(capacity)];
    return outcome(request, capacity, score === undefined ? otherwise : score);
  };
}

/** The rows of a search as lines of text: `3×200 4.3 DONE *` (the star marks the winner). */
export function rowsOf(context: PolicyContext, outcomes: OutcomesOf): readonly string[] {
  return trialTable(simulate(context, outcomes)).map(
    ({ capacity, score, nextStep, winner }) => `${capacityText(capacity)} ${score ?? "none"} ${nextStep}${winner ? " *" : ""}`,
  );
}
