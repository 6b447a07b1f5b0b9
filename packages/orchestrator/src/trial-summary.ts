/** A trial's score and metrics from the runs that stand for it, as the policy reads them, so that the table and the reasons agree. */
import type { ExperimentSnapshot, History, Metrics, Trial } from "@rightsize/core";
import { summariseTrial as policySummary } from "@rightsize/policy";
import { runsThatStand } from "./history.ts";

export interface TrialSummary {
  /** null when no run of the trial has a score. */
  readonly score: number | null;
  /** The mean of each metric over the standing fits. */
  readonly metrics: Metrics | null;
  /** How many runs stand for the trial. */
  readonly runCount: number;
  /** Whether short probes chose its rate and nothing was fitted yet: no score, and not untrainable either. */
  readonly waitsForFit: boolean;
}

/** `history` is the snapshot's own: every run of its decisions has ended. */
export function summariseTrial(snapshot: ExperimentSnapshot, history: History, trial: Trial): TrialSummary {
  if (trial.number === null) return { score: null, metrics: null, runCount: 0, waitsForFit: false };
  const runs = runsThatStand(snapshot, history, trial.number, "fits");
  const { score, rateToFit } = policySummary(history, trial.number);
  return {
    score,
    metrics: meanMetrics(runs.flatMap((run) => run.result?.metrics ?? [])),
    runCount: runs.length,
    waitsForFit: rateToFit !== null,
  };
}

function meanMetrics(all: readonly Metrics[]): Metrics | null {
  const first = all[0];
  if (first === undefined) return null;
  const names = Object.keys(first) as (keyof Metrics)[];
  const mean = (name: keyof Metrics) => all.reduce((sum, metrics) => sum + (metrics[name] ?? 0), 0) / all.length;
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}
