/** Reads a history into trials: which runs each has, which of them stand for it, and its score. Pure; nothing is kept between calls. */
import type { Capacity, History, HistoryEntry, RecipeChange, RunOutcome } from "@rightsize/core";
import { exponential, logLoss } from "./numbers.ts";

/** Where a run stands in a history: the entry's index from 0, and the run's place in that entry's outcomes from 0. */
export interface RunPosition {
  readonly entry: number;
  readonly position: number;
}
/** A run's outcome and where it stands. */
export interface PlacedRun extends RunPosition {
  readonly outcome: RunOutcome;
}
/** A run that ended with a score. */
export type CompletedRun = PlacedRun & { readonly outcome: Extract<RunOutcome, { status: "COMPLETED" }> };

/** One row of the trial table, as the history tells it. */
export interface TrialView {
  /** From 1, in the order of the START_TRIAL decisions. */
  readonly number: number;
  readonly capacity: Capacity;
  /** Runs since the last CHANGE_RECIPE about this trial, oldest first; earlier ones no longer stand for it. */
  readonly runs: readonly PlacedRun[];
  /** All changes of its recipe so far, merged; empty when there was none. */
  readonly change: RecipeChange;
  /** How many CHANGE_RECIPE decisions it had. */
  readonly repairs: number;
  /** Training work of all its runs, those before a change of recipe too. */
  readonly cost: number;
}

/** All trials of a history, by number. Throws a RangeError where the history speaks of a trial that it never started. */
export function readTrials(history: History): readonly TrialView[] {
  return history.reduce<readonly TrialView[]>(applyEntry, []);
}

/** The trials after one more entry of the history, whose index is `entry`. */
export function applyEntry(trials: readonly TrialView[], { decision, outcomes }: HistoryEntry, entry: number): readonly TrialView[] {
  if (decision.action === "FINISH") return trials;
  const runs = outcomes.map((outcome, position) => ({ entry, position, outcome }));
  const cost = outcomes.reduce((sum, outcome) => sum + outcome.cost, 0);
  if (decision.action === "START_TRIAL")
    return [...trials, { number: trials.length + 1, capacity: decision.capacity, runs, change: {}, repairs: 0, cost }];
  const trial = trials[decision.trial - 1];
  if (trial === undefined) throw new RangeError(`entry ${entry} speaks of trial ${decision.trial}, which was never started`);
  const changed: TrialView =
    decision.action === "ADD_RUNS"
      ? { ...trial, runs: [...trial.runs, ...runs], cost: trial.cost + cost }
      : { ...trial, runs, change: { ...trial.change, ...decision.change }, repairs: trial.repairs + 1, cost: trial.cost + cost };
  // A repair that a limit stopped before it gave a score repaired nothing: what was measured before still stands.
  const undone =
    decision.action === "CHANGE_RECIPE" && outcomes.some(({ status }) => status === "STOPPED") && summarise(changed).score === null;
  const now = undone ? { ...trial, cost: changed.cost } : changed;
  return trials.map((other) => (other === trial ? now : other));
}

/** Whether a run was cut short: it says which rate to take, and never stands for its trial. */
export function isCutShort({ outcome }: PlacedRun): boolean {
  return outcome.maxEpochs !== undefined;
}

/** What a trial's runs say. */
export interface TrialSummary {
  /** The rate that stands for the trial; null when no rate has a score. */
  readonly learningRate: number | null;
  /** The rate that short probes chose for a trial which waits for its first fit; null for every other trial, and where all of them diverged. */
  readonly rateToFit: number | null;
  /** Its fits at that rate (the probes at that rate while it has no fit); empty without a score. */
  readonly fits: readonly CompletedRun[];
  /** Fits and finals at that rate. */
  readonly all: readonly CompletedRun[];
  /** The row's score: geometric mean of the fits' validation losses (of one fit: its loss, exactly); null without a score. */
  readonly score: number | null;
  /** The second mean, over fits and finals together; null while there are no finals, or when one of them diverged. */
  readonly finalsScore: number | null;
  /** The mean that is known best: `finalsScore` where there is one, else `score`. */
  readonly bestKnownScore: number | null;
}

const noSummary: TrialSummary = {
  learningRate: null,
  rateToFit: null,
  fits: [],
  all: [],
  score: null,
  finalsScore: null,
  bestKnownScore: null,
};

/** Geometric mean of losses; of one loss, that loss to the last bit. Throws a RangeError on none. */
export function meanLoss(losses: readonly number[]): number {
  const first = losses[0];
  if (first === undefined) throw new RangeError("no mean of no losses");
  return losses.every((loss) => loss === first) ? first : exponential(losses.reduce((sum, loss) => sum + logLoss(loss), 0) / losses.length);
}

/**
 * Which runs stand for a trial, and its mean score. Several learning rates: the rate with the least mean stands for the trial, and a
 * rate of which any run diverged is out. A trial of which every rate diverged has no score, nor has one whose runs are all cut short.
 * Runs that a limit stopped don't count.
 */
export function summarise(trial: TrialView): TrialSummary {
  const known = summaries.get(trial);
  if (known !== undefined) return known;
  const summary = computeSummary(trial);
  summaries.set(trial, summary);
  return summary;
}

/** A view never changes, so its summary is computed once; this saves time and changes no answer. */
const summaries = new WeakMap<TrialView, TrialSummary>();

function computeSummary(trial: TrialView): TrialSummary {
  // What a limit stopped says nothing: the trial is what its other runs say.
  const ended = trial.runs.filter(({ outcome }) => outcome.status !== "STOPPED");
  const fitted = ended.filter(({ outcome }) => outcome.purpose === "fit");
  const judged = fitted.length > 0 ? fitted : ended.filter((run) => run.outcome.purpose === "probe" && !isCutShort(run));
  const best = bestRate(judged);
  if (best === null) return trial.runs.every(isCutShort) ? { ...noSummary, rateToFit: bestRate(ended)?.rate ?? null } : noSummary;
  const { rate, runs: fits, score } = best;
  const finals = ended.filter(({ outcome }) => outcome.purpose === "finals" && outcome.learningRate === rate);
  const completedFinals = finals.filter(isCompleted);
  const all = [...fits, ...completedFinals];
  const finalsScore =
    finals.length > 0 && finals.length === completedFinals.length ? meanLoss(all.map(({ outcome }) => outcome.validationLoss)) : null;
  return { learningRate: rate, rateToFit: null, fits, all, score, finalsScore, bestKnownScore: finalsScore ?? score };
}

/** The rate with the least mean loss, the first of equals, without those of which a run diverged; null when none is left. */
function bestRate(
  judged: readonly PlacedRun[],
): { readonly rate: number; readonly runs: readonly CompletedRun[]; readonly score: number } | null {
  let best: { rate: number; runs: CompletedRun[]; score: number } | null = null;
  for (const rate of new Set(judged.map(({ outcome }) => outcome.learningRate))) {
    const atRate = judged.filter(({ outcome }) => outcome.learningRate === rate);
    const completed = atRate.filter(isCompleted);
    if (completed.length < atRate.length) continue;
    const score = meanLoss(completed.map(({ outcome }) => outcome.validationLoss));
    if (best === null || score < best.score) best = { rate, runs: completed, score };
  }
  return best;
}

/** The summary of one trial by its number, for whoever writes a row's score. Throws a RangeError on a number that never started. */
export function summariseTrial(history: History, trialNumber: number): TrialSummary {
  const trial = readTrials(history)[trialNumber - 1];
  if (trial === undefined) throw new RangeError(`trial ${trialNumber} was never started`);
  return summarise(trial);
}

/**
 * Where the runs that stand for a trial are: its fits at the chosen rate (`fits`, whose mean is the row's score), or fits and
 * finals (`all`, the default: whatever may be delivered or averaged). Empty for a trial without a score.
 */
export function standingRuns(history: History, trialNumber: number, which: "fits" | "all" = "all"): readonly RunPosition[] {
  return summariseTrial(history, trialNumber)[which].map(({ entry, position }) => ({ entry, position }));
}

function isCompleted(run: PlacedRun): run is CompletedRun {
  return run.outcome.status === "COMPLETED";
}
