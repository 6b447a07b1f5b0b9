/** The trial table for a terminal: the course's columns, beside them what the decisions speak of, the answer marked. */
import type { TrialTable, TrialView } from "@rightsize/contract";
import { type NextStep, trialRemark } from "@rightsize/core";
import { groupedNumber, scoreTexts } from "./numbers.ts";
import { textTable } from "./text-table.ts";

const nextStepWords: Readonly<Record<NextStep, string>> = {
  INCREASE_CAPACITY: "Increase capacity",
  DECREASE_CAPACITY: "Decrease capacity",
  DONE: "Done",
};

/** The next step as a sentence's start: `Increase capacity`. */
export function nextStepText(nextStep: NextStep): string {
  return nextStepWords[nextStep];
}

/**
 * Lines of the table. `progress` gives what a row without a next step is doing, by the trial's id; `narrow` is the course's columns alone and
 * short of words, for 80 characters.
 */
export function trialTableLines(
  table: TrialTable,
  progress: ReadonlyMap<string, string> = new Map(),
  { narrow = false }: { readonly narrow?: boolean } = {},
): readonly string[] {
  const scores = scoreTexts(table.trials.map(shownScore));
  const deciding = narrow ? null : decidingTexts(table.trials);
  const rows = table.trials.map((trial, index) => [
    String(trial.hiddenLayers),
    String(trial.nodesPerLayer),
    scores[index] ?? trialRemark(trial),
    lastCell(trial, progress.get(trial.id), narrow ? "◀ answer" : "◀ the answer"),
    ...(narrow ? [] : [groupedNumber(trial.parameterCount)]),
    ...(deciding === null ? [] : [deciding[index] ?? ""]),
  ]);
  return textTable(
    [
      { head: "Hidden layers", align: "right" },
      { head: "Nodes per layer", align: "right" },
      { head: table.metric, align: "right" },
      { head: "Next step", align: "left" },
      ...(narrow ? [] : [{ head: "Parameters", align: "right" } as const]),
      ...(deciding === null ? [] : [{ head: "Score", align: "right" } as const]),
    ],
    rows,
  );
}

/** The scores that decide, which reasons speak of; null where they are those shown. */
function decidingTexts(trials: readonly TrialView[]): readonly (string | null)[] | null {
  const differs = trials.some(
    (trial) => trial.score !== null && Math.abs((shownScore(trial) ?? 0) - trial.score) > 1e-9 * Math.abs(trial.score),
  );
  return differs ? scoreTexts(trials.map(({ score }) => score)) : null;
}

/** A trial's score in the target's own unit; where an engine measures none (the scripted one), the score that decides. */
export function shownScore(trial: TrialView): number | null {
  if (trial.score === null) return null;
  return trial.metrics?.meanSquaredError ?? trial.metrics?.logLoss ?? trial.score;
}

function lastCell(trial: TrialView, progress: string | undefined, mark: string): string {
  const words = trial.nextStep === null ? (progress ?? "") : nextStepText(trial.nextStep);
  return trial.winner ? `${words}${words === "" ? "" : "  "}${mark}` : words;
}
