/** What the preset `default` knows while its story is told, and how it asks for trials and runs. */
import { type Capacity, capacityText, type PolicyContext, parameterCount, type RunRequest, sameCapacity } from "@rightsize/core";
import { type AdditiveModel, fitAdditiveModel } from "../additive-model.ts";
import { evidenceOf } from "../evidence.ts";
import { numberText, pairText } from "../numbers.ts";
import { chosenRateText, fitsAtRate, learningRates, rateProbes } from "../runs.ts";
import type { Script } from "../script.ts";
import { summarise, type TrialView } from "../trials.ts";
import { compare, hindrance, type WordRule } from "../words.ts";
import type { DefaultParameters } from "./parameters.ts";

/** The rule's name in every piece of evidence. */
export const rule = "default: climb, probe, guided fits";

/** Work beside the weights that every row of every epoch costs, in parameters: small networks are not free. */
export const overheadParameters = 10_000;

/** The story's memory; rebuilt on every call. */
export interface Search {
  readonly context: PolicyContext;
  readonly parameters: DefaultParameters;
  trials: readonly TrialView[];
  /** The rate that new trials start with: the recipe's, or the lower one that a repair found; null while the recipe tries several. */
  startRate: number | null;
  /** The model of these very trials, so that it is fitted once a step. */
  fitted: { readonly trials: readonly TrialView[]; readonly model: AdditiveModel } | null;
}

/** The memory at the start of the story. */
export function newSearch(context: PolicyContext, parameters: DefaultParameters): Search {
  const rates = learningRates(context);
  return { context, parameters, trials: [], startRate: rates.length === 1 ? (rates[0] as number) : null, fitted: null };
}

/** A trial by its number, from 1. Throws a RangeError on one that was never started. */
export function trialNumbered(search: Search, number: number): TrialView {
  const trial = search.trials[number - 1];
  if (trial === undefined) throw new RangeError(`trial ${number} was never started`);
  return trial;
}

/** The trial of a capacity, if it was started. */
export function trialOf(search: Search, capacity: Capacity): TrialView | undefined {
  return search.trials.find((trial) => sameCapacity(trial.capacity, capacity));
}

/** Weights and biases of a capacity on this dataset. */
export function parametersOf(search: Search, capacity: Capacity): number {
  return parameterCount(search.context.inputs, capacity, search.context.outputs);
}

/** The additive model of all trials so far, fitted once a step. */
export function modelOf(search: Search): AdditiveModel {
  if (search.fitted?.trials !== search.trials)
    search.fitted = { trials: search.trials, model: fitAdditiveModel(search.trials, search.parameters.noise) };
  return search.fitted.model;
}

/** Differences that don't matter, as a fraction: 1 %, or 2 % where training and validation rows are fewer than 1,000. */
export function bandOf({ context, parameters }: Search): number {
  return parameters.band ?? (context.trainingRows + context.validationRows < 1000 ? 0.02 : 0.01);
}

/** What a word needs here: band and confidence. */
export function wordRule(search: Search): WordRule {
  return { band: bandOf(search), confidence: search.parameters.confidence };
}

/** Trials that may be the answer: those with a score, none of whose fits or finals diverged. */
export function eligible(search: Search): readonly TrialView[] {
  return search.trials.filter((trial) => hindrance(trial) !== "untrainable");
}

/** The eligible trial with the least level, as measured unless told (the first of equals), among some; null when there is none. */
export function leader(
  search: Search,
  among: readonly TrialView[] = eligible(search),
  levels: ReadonlyMap<number, number> = modelOf(search).levels,
): TrialView | null {
  let best: TrialView | null = null;
  for (const trial of among) {
    const level = levels.get(trial.number);
    if (level !== undefined && (best === null || level < (levels.get(best.number) as number))) best = trial;
  }
  return best;
}

/** Starts a capacity and fits it; with several rates, one probe a rate first, then the fits at the best. `why` ends the reason. */
export function* startTrial(search: Search, capacity: Capacity, fits: number, why: string): Script<TrialView> {
  const { context, startRate } = search;
  const latest = search.trials[search.trials.length - 1];
  const grows = latest !== undefined && parametersOf(search, capacity) >= parametersOf(search, latest.capacity);
  const nextStep = latest === undefined ? null : grows ? "INCREASE_CAPACITY" : "DECREASE_CAPACITY";
  search.trials = yield () => ({
    action: "START_TRIAL",
    about: latest?.number ?? null,
    nextStep,
    capacity,
    runs: startRate === null ? rateProbes(context) : fitsAtRate(context, startRate, fits),
    reason:
      latest === undefined
        ? `Start with ${capacityText(capacity)}: ${why}`
        : `${standing(search, latest)}: ${grows ? "increase" : "decrease"} capacity to ${capacityText(capacity)}, ${why}`,
    evidence: evidenceAbout(search, latest),
  });
  const number = search.trials.length;
  const probed = trialNumbered(search, number);
  const { rateToFit, learningRate } = summarise(probed);
  const rate = rateToFit ?? learningRate;
  if (startRate === null && rate !== null) yield* addRuns(search, number, fitsAtRate(context, rate, fits), chosenRateText(probed, rate));
  return trialNumbered(search, number);
}

/** More runs of a trial. */
export function* addRuns(search: Search, number: number, runs: readonly RunRequest[], reason: string): Script<void> {
  search.trials = yield () => ({
    action: "ADD_RUNS",
    trial: number,
    runs,
    reason,
    evidence: evidenceOf(rule, search.trials, comparisonsWith(search, leader(search)), noiseNumbers(search)),
  });
}

/** For example `2×128 scored 0.12, better than 0.15 with 1×64`, against the best of the trials before it. */
export function standing(search: Search, trial: TrialView): string {
  const name = capacityText(trial.capacity);
  const { bestKnownScore: score } = summarise(trial);
  if (score === null) return `${name} can't be trained (its runs diverged)`;
  const before = leader(
    search,
    eligible(search).filter(({ number }) => number < trial.number),
  );
  const other = before === null ? null : summarise(before).bestKnownScore;
  if (before === null || other === null) return `${name} scored ${numberText(score)}`;
  const better = leader(search, [before, trial]) === trial;
  const [one, two] = pairText(score, other);
  const flag = hindrance(trial) === "capped" ? " (ended at the epoch cap)" : "";
  return `${name} scored ${one}${flag}, ${better ? "better" : "not better"} than ${two} with ${capacityText(before.capacity)}`;
}

/** The comparison of a row with the best before it, which its next step rests on. */
function evidenceAbout(search: Search, trial: TrialView | undefined) {
  if (trial === undefined) return evidenceOf(rule, []);
  const before = leader(
    search,
    eligible(search).filter(({ number }) => number < trial.number),
  );
  const comparisons = before !== null ? [compare(trial, before, modelOf(search), wordRule(search))] : [];
  return evidenceOf(rule, before === null ? [trial] : [before, trial], comparisons, noiseNumbers(search));
}

/** Every other trial, compared with one. */
export function comparisonsWith(search: Search, best: TrialView | null) {
  if (best === null) return [];
  const model = modelOf(search);
  return search.trials.filter((trial) => trial !== best).map((trial) => compare(trial, best, model, wordRule(search)));
}

/** The numbers that every piece of evidence carries: band and confidence, the pooled deviation of one fit and its degrees of freedom. */
export function noiseNumbers(search: Search): Readonly<Record<string, number>> {
  const { deviation, degrees } = modelOf(search);
  return { band: bandOf(search), confidence: search.parameters.confidence, deviation, degrees };
}
