/** The product's signature from a history: capacity, score and next step of every row. */
import type { Capacity, History, NextStep } from "@rightsize/core";
import { readTrials, summarise } from "./trials.ts";

/** One row as people read it. */
export interface TableRow {
  readonly number: number;
  readonly capacity: Capacity;
  /** Geometric mean of its fits' validation losses; null without a score. */
  readonly score: number | null;
  /** From the last START_TRIAL or FINISH about the row; null while none was. */
  readonly nextStep: NextStep | null;
  /** Whether the search ended with this row as its answer. */
  readonly winner: boolean;
}

/** The trial table of a history, finished or not. */
export function trialTable(history: History): readonly TableRow[] {
  return readTrials(history).map((trial) => {
    let nextStep: NextStep | null = null;
    let winner = false;
    for (const { decision } of history) {
      if (decision.action === "START_TRIAL" && decision.about === trial.number) nextStep = decision.nextStep;
      if (decision.action !== "FINISH") continue;
      if (decision.about === trial.number) nextStep = "DONE";
      winner = decision.winner === trial.number;
    }
    return { number: trial.number, capacity: trial.capacity, score: summarise(trial).score, nextStep, winner };
  });
}
