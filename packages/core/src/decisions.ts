/** What a policy sees and what it can want: a closed set of small records, carried out by one switch elsewhere. */
import type { Capacity } from "./capacity.ts";
import type { Task } from "./experiment-spec.ts";
import type { Recipe } from "./recipe.ts";

export const nextSteps = ["INCREASE_CAPACITY", "DECREASE_CAPACITY", "DONE"] as const;
/** What a row of the trial table shows. */
export type NextStep = (typeof nextSteps)[number];

export const runPurposes = ["fit", "finals", "probe", "baseline", "finalise"] as const;
export type RunPurpose = (typeof runPurposes)[number];

/** One training that a policy asks for. */
export interface RunRequest {
  readonly purpose: RunPurpose;
  readonly seed: number;
  /** Fold number from 0; a plain split has fold 0 alone. */
  readonly fold: number;
  readonly learningRate: number;
  /**
   * Cut short: ends after so many epochs at the latest, ≥ 1. Such a run says which rate to take and never stands for its trial. Absent for
   * all others, which have their trial's recipe whole.
   */
  readonly maxEpochs?: number;
}

/** Parts of the recipe that a repair may change (more epochs, another initialisation); the learning rate is in the run. */
export type RecipeChange = Partial<Pick<Recipe, "maxEpochs" | "patience" | "initialisation" | "initialScale" | "gradientClipNorm">>;

/** Exactly what it says: see SEARCH, "words". */
export const verdicts = ["better", "worse", "tie", "undecided", "untrainable", "capped"] as const;
export type Verdict = (typeof verdicts)[number];

/** One comparison of two trials. Differences are of mean log validation loss: −0.02 is about 2 % better. */
export interface Comparison {
  readonly trial: number;
  readonly against: number;
  readonly difference: number;
  /** null where there is one run a side and no prior: nothing is known of the noise. */
  readonly standardError: number | null;
  readonly pairs: readonly { readonly seed: number; readonly fold: number; readonly difference: number }[];
  readonly verdict: Verdict | null;
  /** The smallest true gap that these runs would have shown, for `undecided`. */
  readonly detectableGap: number | null;
}

/** What a decision looked at: plain data and finite numbers, so that its canonical text is the same everywhere. */
export interface Evidence {
  /** The rule's name, for example `course: strictly better`. */
  readonly rule: string;
  readonly comparisons: readonly Comparison[];
  /** Scores of the trials compared, by trial number; null where a trial has none (diverged). */
  readonly scores: readonly { readonly trial: number; readonly score: number | null; readonly runs: number }[];
  /** Other numbers of the rule, for example thresholds, by name. */
  readonly numbers: Readonly<Record<string, number>>;
}

interface DecisionBase {
  /** One sentence for a person. */
  readonly reason: string;
  readonly evidence: Evidence;
}

/** Trains a new capacity. `about` is the row whose next step this decides (null for the first). */
export interface StartTrial extends DecisionBase {
  readonly action: "START_TRIAL";
  readonly about: number | null;
  readonly nextStep: Exclude<NextStep, "DONE"> | null;
  readonly capacity: Capacity;
  readonly runs: readonly RunRequest[];
}
/** More runs of a trial that exists; never changes a row's next step. */
export interface AddRuns extends DecisionBase {
  readonly action: "ADD_RUNS";
  readonly trial: number;
  readonly runs: readonly RunRequest[];
}
/** Trains a trial's capacity again under a changed recipe; its earlier runs no longer stand for it. */
export interface ChangeRecipe extends DecisionBase {
  readonly action: "CHANGE_RECIPE";
  readonly trial: number;
  readonly change: RecipeChange;
  readonly runs: readonly RunRequest[];
}
export const searchVerdicts = ["converged", "ceiling", "limit", "nothing_trainable", "nothing_beats_mean"] as const;
/** How a search ended; `limit`: a limit of the experiment cut it short. */
export type SearchVerdict = (typeof searchVerdicts)[number];
/** The end: `about` is the row that gets DONE, `winner` the answer (null when nothing could be trained). */
export interface Finish extends DecisionBase {
  readonly action: "FINISH";
  readonly about: number | null;
  readonly winner: number | null;
  readonly verdict: SearchVerdict;
}
export type Decision = StartTrial | AddRuns | ChangeRecipe | Finish;

/** How one asked-for run ended, as a policy may see it: no ids, clocks, durations or workers. */
export type RunOutcome = RunRequest &
  (
    | {
        readonly status: "COMPLETED" /** On the standardised target */;
        readonly validationLoss: number;
        readonly trainingLoss: number;
        readonly epochs: number;
        readonly bestEpoch: number /** Ended at the epoch cap, still improving */;
        readonly capped: boolean /** Verdicts of the diagnostics, for example `dying_units` */;
        readonly symptoms: readonly string[] /** Training work: epochs × training rows × parameter count */;
        readonly cost: number;
      }
    | { readonly status: "DIVERGED"; readonly epochs: number; readonly cost: number }
    | {
        readonly status: "STOPPED" /** By the limit of its entry, before it had a result: it says nothing of its network */;
        readonly epochs: number;
        readonly cost: number;
      }
  );

/** An outside limit that was reached before the decision at this place in the history. */
export interface LimitReached {
  readonly kind: "trials" | "parameters" | "cpu" | "wall_time";
  readonly limit: number;
}

/** One decision and everything it asked for, ended. Outcomes stand in the order they were asked for. */
export interface HistoryEntry {
  readonly decision: Decision;
  readonly outcomes: readonly RunOutcome[];
  /** Limits reached while these runs were training; the next decision must FINISH. */
  readonly limit: LimitReached | null;
}
/** All decisions so far, oldest first; a policy folds over it and keeps nothing else. */
export type History = readonly HistoryEntry[];

/** What a policy knows of the question. */
export interface PolicyContext {
  readonly preset: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly task: Task;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Features after preprocessing (network inputs). */
  readonly inputs: number;
  readonly outputs: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  /** Folds the plan holds; 1 for a plain split. */
  readonly folds: number;
  /** Validation loss of the mean predictor (regression: about 1) or the class-share predictor, by fold. */
  readonly meanPredictorLoss: readonly number[];
}
