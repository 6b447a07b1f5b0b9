/** The trial table's rows as text and numbers, ready to draw: what each cell says, and what the running row is doing. */
import type { ExperimentView, TrialTable, TrialView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { scoreFormat, spread } from "./format.ts";
import type { LiveState } from "./live.ts";
import { incumbent, lossFactor, scoreDeviation, trialScore, trialTimeMs } from "./scores.ts";

export interface LiveRow {
  readonly runId: string;
  readonly epoch: number;
  readonly maxEpochs: number;
  /**
   * Validation score of the last epoch, and the best of the run so far, in the unit of the score column; null before the first epoch, and
   * where the trial has a score already: it keeps that while more runs of it train.
   */
  readonly score: number | null;
  readonly bestScore: number | null;
  /** Which of the trial's runs this is, from 1, and how many it has. */
  readonly run: number;
  readonly runCount: number;
}

export interface TableRow {
  readonly trial: TrialView;
  readonly scoreText: string;
  /** `± 0.2` over two or more runs; null below. */
  readonly deviationText: string | null;
  /** The score that decides, where it is another number than the one shown. */
  readonly decidingText: string | null;
  readonly best: boolean;
  readonly live: LiveRow | null;
  readonly timeMs: number | null;
}

/** Whether the score that decides differs from the shown one (it is standardised), so that it needs a column. */
export function hasDecidingColumn(trials: readonly TrialView[], task: ExperimentView["task"]): boolean {
  return trials.some((trial) => {
    const shown = trialScore(trial, task);
    return trial.score !== null && shown !== null && Math.abs(shown - trial.score) > 1e-9 * Math.max(1, Math.abs(shown));
  });
}

/** Rows in trial order. */
export function tableRows(experiment: ExperimentView, table: TrialTable, live: LiveState, nowMs: number): readonly TableRow[] {
  const trials = table.trials;
  const shown = scoreFormat(trials.map((trial) => trialScore(trial, experiment.task)));
  const deciding = scoreFormat(trials.map((trial) => trial.score));
  const withDeciding = hasDecidingColumn(trials, experiment.task);
  const best = incumbent(trials);
  // At the end nothing trains any more, whatever a run that was cut off still says.
  const over = isTerminal("experiment", experiment.state);
  const untilMs = experiment.endedAt === null ? nowMs : Date.parse(experiment.endedAt);
  return trials.map((trial): TableRow => {
    const deviation = scoreDeviation(trial, experiment.task);
    return {
      trial,
      scoreText: shown(trialScore(trial, experiment.task)),
      deviationText: deviation === null ? null : `± ${spread(deviation)}`,
      decidingText: withDeciding ? deciding(trial.score) : null,
      best: trial.id === best?.id,
      live: over ? null : liveRow(experiment, trial, live),
      timeMs: trialTimeMs(trial, untilMs),
    };
  });
}

function liveRow(experiment: ExperimentView, trial: TrialView, live: LiveState): LiveRow | null {
  const index = trial.runs.findIndex((run) => run.state === "RUNNING" && run.purpose !== "finalise");
  const run = trial.runs[index];
  if (run === undefined) return null;
  const epochs = live.epochs[run.id] ?? [];
  const factor = lossFactor(experiment) ?? 1;
  const last = epochs.at(-1);
  const best = epochs.reduce((least, epoch) => Math.min(least, epoch.validationLoss), Number.POSITIVE_INFINITY);
  const recipe = experiment.spec.recipe as { maxEpochs?: number } | undefined;
  const counted = trial.runs.filter((other) => other.purpose !== "finalise");
  return {
    runId: run.id,
    epoch: last?.epoch ?? run.epochs,
    maxEpochs: run.maxEpochs ?? recipe?.maxEpochs ?? 0,
    score: last === undefined || trial.score !== null ? null : last.validationLoss * factor,
    bestScore: last === undefined || trial.score !== null ? null : best * factor,
    run: counted.indexOf(run) + 1,
    runCount: counted.length,
  };
}

/** What a screen reader should be told when the table changes: the newest next step, or the newest running row. */
export function announcement(
  experiment: ExperimentView,
  rows: readonly TableRow[],
  metric: string,
  stepText: (step: NonNullable<TrialView["nextStep"]>) => string,
): string {
  if (experiment.answer !== null) return experiment.answer.sentence;
  const decided = rows.filter((row) => row.trial.nextStep !== null).at(-1);
  if (decided?.trial.nextStep == null) return "";
  const { number, hiddenLayers, nodesPerLayer, nextStep } = decided.trial;
  return `Trial ${number}, ${hiddenLayers} × ${nodesPerLayer}: ${metric.toLowerCase()} ${decided.scoreText}. Next step: ${stepText(nextStep)}.`;
}
