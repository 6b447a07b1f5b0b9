/** A trial's score from the runs that stand for it: the mean of their validation losses and of each metric. */
import type { ExperimentSnapshot, Metrics, Run, Trial } from "@rightsize/core";
import { standingRuns } from "@rightsize/policy";
import { policyHistory } from "./history.ts";

export interface TrialSummary {
  /** null when no run of the trial has a score. */
  readonly score: number | null;
  readonly metrics: Metrics | null;
  /** Runs that stand for the trial, best validation loss first. */
  readonly runs: readonly Run[];
}

/** Needs every run of the snapshot's decisions to have ended. */
export function summariseTrial(snapshot: ExperimentSnapshot, trial: Trial): TrialSummary {
  const standing = trial.number === null ? [] : standingRuns(policyHistory(snapshot), trial.number);
  const runs = standing
    .map(({ entry, position }) => {
      const sequence = snapshot.decisions[entry]?.sequence;
      return snapshot.runs.find((run) => run.decision === sequence && run.position === position && run.purpose !== "finalise");
    })
    .filter((run): run is Run => run?.state === "COMPLETED" && run.result?.validationLoss != null)
    .sort((a, b) => (a.result?.validationLoss ?? 0) - (b.result?.validationLoss ?? 0));
  if (runs.length === 0) return { score: null, metrics: null, runs };
  return {
    score: mean(runs.map((run) => run.result?.validationLoss ?? 0)),
    metrics: meanMetrics(runs.flatMap((run) => run.result?.metrics ?? [])),
    runs,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanMetrics(all: readonly Metrics[]): Metrics | null {
  const first = all[0];
  if (first === undefined) return null;
  const names = Object.keys(first) as (keyof Metrics)[];
  return Object.fromEntries(names.map((name) => [name, mean(all.map((metrics) => metrics[name] ?? 0))]));
}
