/** A search played ahead on a made-up landscape: the whole history it would have, without training anything. */
import { endedCapped, type History, type PolicyContext, parameterCount, type RunOutcome } from "@rightsize/core";
import { exponential } from "../numbers.ts";
import { type OutcomesOf, simulate } from "../simulate.ts";
import { chanceOf, madeUpLandscape, normal, type TrainingBeliefs } from "./made-up-landscape.ts";

/** The history of one draw, FINISH included (after `maxTrials` trials by a limit); equal arguments give equal histories. Throws what the policy throws. */
export function playAhead(context: PolicyContext, beliefs: TrainingBeliefs, draw: number, maxTrials: number | null = null): History {
  const landscape = madeUpLandscape(draw, context.meanPredictorLoss[0] ?? 1, beliefs);
  const outcomesOf: OutcomesOf = (request, { capacity, recipe }): RunOutcome => {
    const chance = chanceOf(draw, capacity, request.seed);
    const validationLoss = exponential(landscape.level(capacity) + landscape.noise * normal(chance));
    const wanted = Math.max(1, Math.round(landscape.bestEpoch(capacity) * exponential(beliefs.runSpread * normal(chance))));
    const bestEpoch = Math.min(wanted, recipe.maxEpochs);
    const epochs = Math.min(bestEpoch + recipe.patience, recipe.maxEpochs);
    const cost = epochs * context.trainingRows * parameterCount(context.inputs, capacity, context.outputs);
    const capped = request.maxEpochs === undefined && endedCapped({ bestLoss: validationLoss, bestEpoch }, epochs, recipe);
    return { ...request, status: "COMPLETED", validationLoss, trainingLoss: validationLoss, epochs, bestEpoch, capped, symptoms: [], cost };
  };
  return simulate(context, outcomesOf, { maxTrials });
}
