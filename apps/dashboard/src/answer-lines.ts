/** The models that the answer compares: what is delivered, the winner's best run alone, and the simpler models beside them. */
import type { AnswerView, ExperimentView } from "@rightsize/contract";
import { capacityText, type Scores } from "@rightsize/core";
import { counted } from "./format.ts";

export interface AnswerLine {
  readonly name: string;
  /** null where runs were validated on different folds, or there is no test split. */
  readonly validation: Scores | null;
  readonly test: Scores | null;
  readonly winner: boolean;
}

/** The delivered model first. A mean of several runs and a single run are never shown as one another. */
export function answerLines(answer: AnswerView, task: ExperimentView["task"]): readonly AnswerLine[] {
  const size = answer.capacity === null ? "" : ` ${capacityText(answer.capacity)}`;
  // Answers stored before there was a choice say nothing of it: they are single runs.
  const mean = answer.delivered?.kind === "mean_of_best";
  const lines: AnswerLine[] = [];
  if (answer.validation !== null || answer.test !== null || mean) {
    const name = mean ? `Mean of ${counted(answer.delivered.members.length, "run")}` : `Network${size}`;
    lines.push({ name, validation: answer.validation, test: answer.test, winner: true });
  }
  if (mean && answer.single) lines.push({ name: `Best run${size} alone`, ...answer.single, winner: false });
  for (const name of ["linear", "mean"] as const) {
    const baseline = answer.baselines.find((candidate) => candidate.name === name);
    const meanName = task === "classification" ? "Class shares" : "Mean predictor";
    if (baseline)
      lines.push({
        name: name === "linear" ? "Linear model" : meanName,
        validation: baseline.validation,
        test: baseline.test,
        winner: false,
      });
  }
  return lines;
}

/** Which runs are averaged, by size: `3 of 2×512, 2 of 3×512`; null for a single run. */
export function membersText(answer: AnswerView): string | null {
  if (answer.delivered?.kind !== "mean_of_best") return null;
  const sizes = new Map<string, number>();
  for (const { capacity } of answer.delivered.members) sizes.set(capacityText(capacity), (sizes.get(capacityText(capacity)) ?? 0) + 1);
  return [...sizes].map(([size, runs]) => `${runs} of ${size}`).join(", ");
}
