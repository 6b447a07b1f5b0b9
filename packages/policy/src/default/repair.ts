/**
 * Cause before size: a trial whose runs diverged, whose units died, whose gradients vanished or which ended at the epoch cap is
 * trained again under another rate, initialisation or cap before it is compared with anything.
 */
import { capacityText, type RecipeChange, type RunRequest, type Symptom } from "@rightsize/core";
import { evidenceOf } from "../evidence.ts";
import { numberText } from "../numbers.ts";
import { learningRates } from "../runs.ts";
import type { Script } from "../script.ts";
import { summarise, type TrialView } from "../trials.ts";
import { fitsAt, leader, noiseNumbers, rule, type Search, trialNumbered } from "./search.ts";

type Ailment = "diverged" | "dying_units" | "vanishing_gradients" | "capped";

/** Repairs a trial until nothing hinders it or nothing is left to try. `fits` are asked for again where it has no runs to repeat. */
export function* repair(search: Search, number: number, fits: number): Script<void> {
  let attempts = 0;
  for (;;) {
    const trial = trialNumbered(search, number);
    const ailment = ailmentOf(search, trial);
    if (ailment === null) return;
    const { repairs } = search.parameters;
    const epochs = trial.change.maxEpochs ?? search.context.recipe.maxEpochs;
    if (ailment === "capped" ? epochs >= repairs.epochCeiling : attempts >= repairs.attempts) return;
    if (ailment === "capped") {
      const maxEpochs = Math.min(repairs.epochCeiling, Math.round(epochs * repairs.epochFactor));
      const reason = `${capacityText(trial.capacity)} was still improving at its last epoch (${epochs}): train it again with up to ${maxEpochs}`;
      yield* changeRecipe(search, trial, { maxEpochs }, rateOf(search, trial), fits, reason);
      continue;
    }
    attempts++;
    const rate = rateOf(search, trial) * (ailment === "vanishing_gradients" && attempts === 1 ? 1 : repairs.rateFactor);
    const change: RecipeChange =
      ailment === "vanishing_gradients" && attempts === 1
        ? { initialisation: "he", initialScale: 1 }
        : { initialisation: "auto", initialScale: 1, gradientClipNorm: 1 };
    const cure =
      ailment === "vanishing_gradients" && attempts === 1
        ? "with He's initial weights"
        : `at a rate of ${numberText(rate)} with fresh initial weights and clipped gradients`;
    yield* changeRecipe(search, trial, change, rate, fits, `${capacityText(trial.capacity)} ${saying[ailment]}: train it again ${cure}`);
    if (summarise(trialNumbered(search, number)).score !== null && search.startRate !== null) search.startRate = rate;
  }
}

const saying = {
  diverged: "diverged",
  dying_units: "has units that died, and is no better for it",
  vanishing_gradients: "has gradients that vanished, and is no better for it",
} as const;

/** What hinders a trial; symptoms alone only where the trial is no better than the best other one, or than the mean. */
function ailmentOf(search: Search, trial: TrialView): Ailment | null {
  const { score, all } = summarise(trial);
  const judged = trial.runs.filter(({ outcome }) => outcome.purpose !== "probe");
  if (score === null || judged.some(({ outcome }) => outcome.status === "DIVERGED")) return "diverged";
  const others = search.trials.filter((other) => other !== trial);
  const best = leader(search, others);
  const rival = Math.min(search.context.meanPredictorLoss[0] ?? 1, best === null ? Number.POSITIVE_INFINITY : (summarise(best).score ?? 0));
  const shown = (symptom: Symptom) => 2 * all.filter(({ outcome }) => outcome.symptoms.includes(symptom)).length > all.length;
  if (score >= rival && shown("dying_units")) return "dying_units";
  if (score >= rival && shown("vanishing_gradients")) return "vanishing_gradients";
  return all.some(({ outcome }) => outcome.capped) ? "capped" : null;
}

/** The rate that stands for the trial; where none does, the least that was tried. */
function rateOf(search: Search, trial: TrialView): number {
  const tried = trial.runs.map(({ outcome }) => outcome.learningRate);
  return summarise(trial).learningRate ?? Math.min(...(tried.length > 0 ? tried : learningRates(search.context)));
}

function* changeRecipe(search: Search, trial: TrialView, change: RecipeChange, rate: number, fits: number, reason: string): Script<void> {
  const repeated = trial.runs.filter(({ outcome }) => outcome.purpose !== "probe");
  const runs: readonly RunRequest[] =
    repeated.length === 0
      ? fitsAt(search, rate, fits)
      : repeated.map(({ outcome: { purpose, seed, fold } }) => ({ purpose, seed, fold, learningRate: rate }));
  search.trials = yield () => ({
    action: "CHANGE_RECIPE",
    trial: trial.number,
    change,
    runs,
    reason,
    evidence: evidenceOf(rule, [trial], [], noiseNumbers(search)),
  });
}
