/** The trial table for a terminal: the course's columns, the parameter count beside them, the answer marked. */
import type { TrialTable, TrialView } from "@rightsize/contract";
import type { NextStep } from "@rightsize/core";
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
 * Lines of the table. `progress` gives what a row without a next step is doing, by the trial's id; `narrow` leaves the parameters out and is
 * short of words, for 80 characters.
 */
export function trialTableLines(
  table: TrialTable,
  progress: ReadonlyMap<string, string> = new Map(),
  { narrow = false }: { readonly narrow?: boolean } = {},
): readonly string[] {
  const scores = scoreTexts(table.trials.map(shownScore));
  const rows = table.trials.map((trial, index) => [
    String(trial.hiddenLayers),
    String(trial.nodesPerLayer),
    ...(narrow ? [] : [groupedNumber(trial.parameterCount)]),
    scores[index] ?? remark(trial),
    lastCell(trial, progress.get(trial.id), narrow ? "◀ answer" : "◀ the answer"),
  ]);
  return textTable(
    [
      { head: "Hidden layers", align: "right" },
      { head: "Nodes per layer", align: "right" },
      ...(narrow ? [] : [{ head: "Parameters", align: "right" } as const]),
      { head: table.metric, align: "right" },
      { head: "Next step", align: "left" },
    ],
    rows,
  );
}

/** A trial's score in the target's own unit; where an engine measures none (the scripted one), the score that decides. */
export function shownScore(trial: TrialView): number | null {
  if (trial.score === null) return null;
  return trial.metrics?.meanSquaredError ?? trial.metrics?.logLoss ?? trial.score;
}

function remark(trial: TrialView): string {
  switch (trial.state) {
    case "PENDING":
    case "RUNNING":
      return "";
    case "COMPLETED":
      return "diverged";
    case "FAILED":
    case "CANCELLED":
      return trial.state.toLowerCase();
    default:
      return trial.state satisfies never;
  }
}

function lastCell(trial: TrialView, progress: string | undefined, mark: string): string {
  const words = trial.nextStep === null ? (progress ?? "") : nextStepText(trial.nextStep);
  return trial.winner ? `${words}${words === "" ? "" : "  "}${mark}` : words;
}
