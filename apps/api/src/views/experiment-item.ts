/** An experiment as lists show it: with its table in a line. */
import type { ExperimentItem, ExperimentPage, ExperimentSummary } from "@rightsize/contract";
import { type Experiment, isTerminal, type Page, type Store, type TrialSummary } from "@rightsize/core";
import { experimentView } from "./experiment-view.ts";
import { shownScore } from "./table-text.ts";

/** Most scores of a summary: a sparkline shows no more. */
const mostScores = 100;

/** A page of a list, with the tables of all its experiments read at once. */
export async function experimentItems({ experiments }: Pick<Store, "experiments">, page: Page<Experiment>): Promise<ExperimentPage> {
  const trials = await experiments.summaries(page.items.map(({ id }) => id));
  return { items: page.items.map((experiment) => experimentItem(experiment, trials.get(experiment.id) ?? [])), cursor: page.cursor };
}

export function experimentItem(experiment: Experiment, trials: readonly TrialSummary[]): ExperimentItem {
  return { ...experimentView(experiment), summary: summaryOf(trials, isTerminal("experiment", experiment.state)) };
}

function summaryOf(trials: readonly TrialSummary[], over: boolean): ExperimentSummary {
  const scores = trials.flatMap((trial) => shownScore(trial) ?? []);
  const best = bestOf(trials);
  const current = over ? undefined : trials.find((trial) => trial.state === "PENDING" || trial.state === "RUNNING");
  return {
    trials: trials.length,
    scores: evenly(scores, mostScores),
    best: best === null ? null : { ...sizeOf(best), score: shownScore(best) ?? 0 },
    current: current === undefined ? null : { ...sizeOf(current), runs: current.runs, endedRuns: current.endedRuns },
  };
}

/** The winner; before there is one the lowest of the scores that decide. */
function bestOf(trials: readonly TrialSummary[]): TrialSummary | null {
  let best: TrialSummary | null = null;
  for (const trial of trials) {
    if (trial.score === null) continue;
    if (trial.winner) return trial;
    if (best?.score == null || trial.score < best.score) best = trial;
  }
  return best;
}

const sizeOf = ({ number, capacity }: TrialSummary) => ({ number, ...capacity });

/** At most `most` of the values, evenly spaced, the first and the last among them. */
function evenly(values: readonly number[], most: number): number[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, index) => values[Math.round((index * (values.length - 1)) / (most - 1))] as number);
}
