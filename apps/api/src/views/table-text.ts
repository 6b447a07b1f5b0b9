/** The course's table as text: Markdown for people, CSV for programs. */
import type { NextStep, Trial } from "@rightsize/core";
import { type ExperimentSnapshot, trialRemark } from "@rightsize/core";
import { metricName, numberedTrials } from "./trial-view.ts";

export const nextStepWords: Readonly<Record<NextStep, string>> = {
  INCREASE_CAPACITY: "Increase capacity",
  DECREASE_CAPACITY: "Decrease capacity",
  DONE: "Done",
};

interface Row {
  readonly hiddenLayers: number;
  readonly nodesPerLayer: number;
  /** null while there is none: then `remark` says why, or is empty. */
  readonly score: number | null;
  readonly remark: string;
  readonly nextStep: string;
}

/** The Markdown table: numbers right-aligned, scores with four digits or as many as keep different scores apart. */
export function markdownTable(snapshot: ExperimentSnapshot): string {
  const rows = rowsOf(snapshot);
  const digits = digitsNeeded(rows.flatMap((row) => (row.score === null ? [] : [row.score])));
  const lines = rows.map((row) => {
    const score = row.score === null ? row.remark : shortNumber(row.score, digits);
    return `| ${row.hiddenLayers} | ${row.nodesPerLayer} | ${score} | ${row.nextStep} |`;
  });
  return [`| ${header(snapshot).join(" | ")} |`, "| ---: | ---: | ---: | --- |", ...lines, ""].join("\n");
}

/** The same table as CSV, scores in full precision; lines end in one line feed. */
export function csvTable(snapshot: ExperimentSnapshot): string {
  const lines = rowsOf(snapshot).map((row) => [row.hiddenLayers, row.nodesPerLayer, row.score ?? row.remark, row.nextStep].join(","));
  return [header(snapshot).join(","), ...lines, ""].join("\n");
}

function header(snapshot: ExperimentSnapshot): readonly string[] {
  return ["Hidden layers", "Nodes per layer", metricName(snapshot.experiment), "Next step"];
}

function rowsOf(snapshot: ExperimentSnapshot): readonly Row[] {
  return numberedTrials(snapshot.trials).map((trial) => ({
    hiddenLayers: trial.capacity.hiddenLayers,
    nodesPerLayer: trial.capacity.nodesPerLayer,
    score: shownScore(trial),
    remark: trialRemark(trial),
    nextStep: trial.nextStep === null ? "" : nextStepWords[trial.nextStep],
  }));
}

/** The score in the target's own unit; where an engine measures none (the scripted one), the score that decides. */
export function shownScore(trial: Pick<Trial, "score" | "metrics">): number | null {
  if (trial.score === null) return null;
  return trial.metrics?.meanSquaredError ?? trial.metrics?.logLoss ?? trial.score;
}

/** A number with so many significant digits, whole numbers in full: 5.4 → `5.4`, 12345.6 → `12346`. */
function shortNumber(value: number, digits: number): string {
  return Math.abs(value) >= 10 ** (digits - 1) ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
}

/** Four, or more where two different scores would look equal: a strict comparison must be visible. */
function digitsNeeded(scores: readonly number[]): number {
  const different = new Set(scores).size;
  for (let digits = 4; digits < 17; digits++) {
    if (new Set(scores.map((score) => shortNumber(score, digits))).size === different) return digits;
  }
  return 17;
}
