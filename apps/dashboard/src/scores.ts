/** Which number a row shows: the score in the target's own unit, its spread over runs, and a live loss brought to that unit. */
import type { ExperimentView, RunView, TrialView } from "@rightsize/contract";
import type { Metrics } from "@rightsize/core";

/** The metric that the score column shows. */
export type ScoreMetric = "meanSquaredError" | "logLoss";
export const scoreMetric = (task: ExperimentView["task"]): ScoreMetric => (task === "regression" ? "meanSquaredError" : "logLoss");

export const metricWords: Record<keyof Metrics, string> = {
  meanSquaredError: "Mean squared error",
  rootMeanSquaredError: "Root mean squared error",
  meanAbsoluteError: "Mean absolute error",
  r2: "R²",
  accuracy: "Accuracy",
  logLoss: "Log loss",
  macroF1: "Macro F1",
  auc: "Area under the ROC curve",
};
export const metricText = (metric: keyof Metrics): string => metricWords[metric];

/** Metrics of which more is better. */
export const isGoodHigh = (metric: keyof Metrics): boolean => ["r2", "accuracy", "macroF1", "auc"].includes(metric);

/** A trial's score in its own unit; the score that decides where no metric is known (the scripted engine). */
export function trialScore(trial: Pick<TrialView, "metrics" | "score">, task: ExperimentView["task"]): number | null {
  return trial.metrics?.[scoreMetric(task)] ?? trial.score;
}

/** Ended fits and finals of a trial that have a loss. */
function scoredRuns(trial: TrialView): readonly RunView[] {
  return trial.runs.filter((run) => (run.purpose === "fit" || run.purpose === "finals") && run.validationLoss !== null);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The runs that a trial's score is the mean of. */
export const standingRuns = (trial: TrialView): readonly RunView[] => trial.runs.filter((run) => run.standsFor === "score");

/** Those and the finals beside them, which are more runs of the same network. */
export const comparableRuns = (trial: TrialView): readonly RunView[] => trial.runs.filter((run) => run.standsFor !== null);

/** The run with the lowest loss of those that a trial's score is the mean of; before there is a score, of all that have ended. */
export function bestRun(trial: TrialView): RunView | undefined {
  const standing = standingRuns(trial);
  const [best] = [...(standing.length > 0 ? standing : scoredRuns(trial))].sort(
    (a, b) => (a.validationLoss ?? 0) - (b.validationLoss ?? 0),
  );
  return best;
}

/** Standard deviation (n − 1) of the score over the runs that stand for a trial; null below two runs. */
export function scoreDeviation(trial: TrialView, task: ExperimentView["task"]): number | null {
  const values = standingRuns(trial).map((run) => run.metrics?.[scoreMetric(task)] ?? run.validationLoss ?? Number.NaN);
  if (values.length < 2 || values.some(Number.isNaN)) return null;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/**
 * Factor from a loss on the standardised target to the score's own unit: the target's deviation squared for mean squared error, 1 for
 * log loss. null where the loss has no such factor (log target, other losses): then the loss is shown as it is.
 */
export function lossFactor(experiment: Pick<ExperimentView, "task" | "spec" | "plan" | "engine">): number | null {
  if (experiment.engine === "scripted") return null;
  if (experiment.task === "classification") return 1;
  const recipe = experiment.spec.recipe as { loss?: string } | undefined;
  const features = experiment.spec.features as { logTarget?: boolean } | undefined;
  const squared = recipe?.loss === undefined || recipe.loss === "auto" || recipe.loss === "mean_squared_error";
  return squared && features?.logTarget !== true ? experiment.plan.targetDeviation ** 2 : null;
}

/** Training time of a trial so far, in milliseconds; null before its first run began. */
export function trialTimeMs(trial: TrialView, nowMs: number): number | null {
  let total: number | null = null;
  for (const run of trial.runs) {
    if (run.startedAt === null || run.purpose === "finalise" || run.reusedFrom !== null) continue;
    const ended = run.endedAt === null ? nowMs : Date.parse(run.endedAt);
    const open = run.state === "RUNNING" || run.endedAt !== null;
    total = (total ?? 0) + (run.trainMs ?? (open ? Math.max(0, ended - Date.parse(run.startedAt)) : 0));
  }
  return total;
}

/** The best completed trial so far by the score that decides (lower is better). */
export function incumbent(trials: readonly TrialView[]): TrialView | null {
  const winner = trials.find((trial) => trial.winner);
  if (winner !== undefined) return winner;
  let best: TrialView | null = null;
  for (const trial of trials) if (trial.score !== null && (best?.score == null || trial.score < best.score)) best = trial;
  return best;
}
