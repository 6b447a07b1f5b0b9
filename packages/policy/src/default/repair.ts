/**
 * Cause before size: a trial whose runs diverged, whose units died, whose gradients vanished or which ended at the epoch cap is
 * trained again under another rate, initialisation or cap before it is compared with anything.
 */
import { capacityText, type RecipeChange, type RunRequest, type Symptom } from "@rightsize/core";
import { evidenceOf } from "../evidence.ts";
import { numberText, rounded } from "../numbers.ts";
import { fitsAtRate, learningRates } from "../runs.ts";
import type { Script } from "../script.ts";
import { isCutShort, summarise, type TrialView } from "../trials.ts";
import { leader, noiseNumbers, rule, type Search, trialNumbered } from "./search.ts";

type Ailment = "diverged" | "dying_units" | "vanishing_gradients" | "capped";

/**
 * Repairs a trial until nothing hinders it or nothing is left to try. Divergence and the epoch cap are always repaired; symptoms
 * (`onSymptoms`: when a trial is new) once, and only where the trial is no better than those before it.
 * `fits` are asked for again where it has no runs to repeat.
 */
export function* repair(search: Search, number: number, fits: number, onSymptoms: boolean): Script<void> {
  const { repairs } = search.parameters;
  let attempts = 0;
  let symptomsLeft = onSymptoms;
  for (;;) {
    const trial = trialNumbered(search, number);
    const ailment = ailmentOf(search, trial, symptomsLeft && attempts < repairs.attempts);
    if (ailment === null) return;
    const name = `${capacityText(trial.capacity)} ${saying[ailment]}`;
    const rate = rateOf(search, trial);
    if (ailment === "capped") {
      const epochs = trial.change.maxEpochs ?? search.context.recipe.maxEpochs;
      if (epochs >= repairs.epochCeiling) return;
      const maxEpochs = Math.min(repairs.epochCeiling, Math.round(epochs * repairs.epochFactor));
      yield* changeRecipe(search, trial, { maxEpochs }, rate, fits, `${name}, ${epochs}: train it again with up to ${maxEpochs}`);
    } else if (ailment === "vanishing_gradients") {
      attempts++;
      symptomsLeft = false;
      const change: RecipeChange = { initialisation: "he", initialScale: 1 };
      yield* changeRecipe(search, trial, change, rate, fits, `${name}: train it again with He's initial weights`);
    } else {
      if (attempts >= repairs.attempts) return;
      attempts++;
      symptomsLeft = false;
      const lower = rounded(rate * repairs.rateFactor);
      const change: RecipeChange = { initialisation: "auto", initialScale: 1, gradientClipNorm: 1 };
      const cure = `train it again at a rate of ${numberText(lower)} with standard initial weights and clipped gradients`;
      yield* changeRecipe(search, trial, change, lower, fits, `${name}: ${cure}`);
      const trained = summarise(trialNumbered(search, number)).score !== null;
      if (ailment === "diverged" && trained && search.startRate !== null) search.startRate = lower;
    }
  }
}

const saying = {
  diverged: "diverged",
  dying_units: "has units that died, and is no better for it",
  vanishing_gradients: "has gradients that vanished, and is no better for it",
  capped: "ended at the epoch cap",
} as const;

/** What hinders a trial; symptoms (in more than half of its runs) only where it is no better than the best before it, or than the mean. */
function ailmentOf(search: Search, trial: TrialView, symptomsToo: boolean): Ailment | null {
  const { score, all } = summarise(trial);
  const judged = trial.runs.filter(({ outcome }) => outcome.purpose !== "probe");
  if (score === null || judged.some(({ outcome }) => outcome.status === "DIVERGED")) return "diverged";
  if (symptomsToo) {
    const before = leader(
      search,
      search.trials.filter(({ number }) => number < trial.number),
    );
    const rival = Math.min(
      search.context.meanPredictorLoss[0] ?? 1,
      (before === null ? null : summarise(before).score) ?? Number.POSITIVE_INFINITY,
    );
    const shown = (symptom: Symptom) => 2 * all.filter(({ outcome }) => outcome.symptoms.includes(symptom)).length > all.length;
    if (score >= rival && shown("dying_units")) return "dying_units";
    if (score >= rival && shown("vanishing_gradients")) return "vanishing_gradients";
  }
  return all.some(({ outcome }) => outcome.capped) ? "capped" : null;
}

/** The rate that stands for the trial; where none does, the least that was tried, in full where any was. */
function rateOf(search: Search, trial: TrialView): number {
  const whole = trial.runs.filter((run) => !isCutShort(run));
  const tried = (whole.length > 0 ? whole : trial.runs).map(({ outcome }) => outcome.learningRate);
  return summarise(trial).learningRate ?? Math.min(...(tried.length > 0 ? tried : learningRates(search.context)));
}

function* changeRecipe(search: Search, trial: TrialView, change: RecipeChange, rate: number, fits: number, reason: string): Script<void> {
  const repeated = trial.runs.filter(({ outcome }) => outcome.purpose !== "probe");
  const runs: readonly RunRequest[] =
    repeated.length === 0
      ? fitsAtRate(search.context, rate, fits)
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
