/** From trials and their epochs to what the plots draw. */
import type { ExperimentView, TrialView } from "@rightsize/contract";
import { capacityText, type Metrics } from "@rightsize/core";
import type { EpochView } from "./live.ts";
import type { CapacityDatum } from "./plots/capacity-geometry.ts";
import { type Curve, type CurvePoint, thinned } from "./plots/curves-geometry.ts";
import type { RateDatum } from "./plots/rates-geometry.ts";
import { bestRun, incumbent, lossFactor, metricWords, scoreDeviation, scoreMetric, standingRuns, trialScore } from "./scores.ts";

/** Trials that have a score, in order. */
export function capacityData(experiment: ExperimentView, trials: readonly TrialView[]): readonly CapacityDatum[] {
  const best = incumbent(trials);
  const factor = lossFactor(experiment) ?? 1;
  return trials.flatMap((trial): CapacityDatum[] => {
    const shown = trialScore(trial, experiment.task);
    if (shown === null) return [];
    const losses = standingRuns(trial).flatMap((run) => (run.trainingLoss === null ? [] : [run.trainingLoss]));
    return [
      {
        number: trial.number,
        label: capacityText(trial),
        parameterCount: trial.parameterCount,
        score: shown,
        deviation: scoreDeviation(trial, experiment.task),
        trainingScore: losses.length === 0 ? null : (losses.reduce((sum, loss) => sum + loss, 0) / losses.length) * factor,
        incumbent: trial.id === best?.id,
      },
    ];
  });
}

/** Most points that a curve is drawn with. */
const mostPoints = 400;

/** The run whose curve stands for a trial: the one that is training, else the best scored one, else one that diverged or was stopped. */
export function curveRun(trial: TrialView): TrialView["runs"][number] | undefined {
  return (
    trial.runs.find((candidate) => candidate.state === "RUNNING" && candidate.purpose !== "finalise") ??
    bestRun(trial) ??
    trial.runs.find((candidate) => candidate.state === "DIVERGED" || candidate.state === "STOPPED")
  );
}

/** What a curve shows: the loss, or a metric in its own unit at the epochs that have it. */
export type CurveMeasure = "loss" | keyof Metrics;

/** Metrics that some epoch has, in the order of their names' list. */
export function measuredMetrics(curves: readonly (readonly EpochView[])[]): readonly (keyof Metrics)[] {
  const found = new Set(curves.flatMap((epochs) => epochs.flatMap(({ metrics }) => Object.keys(metrics ?? {}))));
  return (Object.keys(metricWords) as (keyof Metrics)[]).filter((name) => found.has(name));
}

function measured(epochs: readonly EpochView[], measure: CurveMeasure): readonly CurvePoint[] {
  if (measure === "loss") return epochs;
  return epochs.flatMap(({ epoch, metrics }) => {
    const value = metrics?.[measure];
    return value === undefined ? [] : [{ epoch, trainingLoss: Number.NaN, validationLoss: value }];
  });
}

/** One curve a trial. */
export function trialCurves(
  trials: readonly TrialView[],
  epochsOf: (runId: string) => readonly EpochView[],
  measure: CurveMeasure = "loss",
): readonly Curve[] {
  const best = incumbent(trials);
  const last = Math.max(1, trials.length - 1);
  return trials.flatMap((trial, index): Curve[] => {
    const run = curveRun(trial);
    const points = run === undefined ? [] : measured(epochsOf(run.id), measure);
    if (points.length === 0) return [];
    return [
      { id: trial.id, label: capacityText(trial), points: thinned(points, mostPoints), shade: index / last, strong: trial.id === best?.id },
    ];
  });
}

/** Ended runs of trials that tried more than one learning rate. */
export function rateData(experiment: ExperimentView, trials: readonly TrialView[]): readonly RateDatum[] {
  const last = Math.max(1, trials.length - 1);
  return trials.flatMap((trial, index): RateDatum[] => {
    const runs = trial.runs.filter((run) => run.purpose !== "finalise" && (run.state === "COMPLETED" || run.state === "DIVERGED"));
    if (new Set(runs.map((run) => run.learningRate)).size < 2) return [];
    return runs.map((run) => ({
      trialId: trial.id,
      label: capacityText(trial),
      learningRate: run.learningRate,
      cutShort: run.maxEpochs ?? null,
      score: run.state === "DIVERGED" ? null : (run.metrics?.[scoreMetric(experiment.task)] ?? run.validationLoss),
      shade: index / last,
    }));
  });
}

/** The whole stored curve of each trial's best scored run, for replays. */
export function fullCurves(
  trials: readonly TrialView[],
  stored: Readonly<Record<string, readonly EpochView[]>>,
): readonly { readonly trialId: string; readonly label: string; readonly points: readonly EpochView[] }[] {
  return trials.flatMap((trial) => {
    const run = bestRun(trial);
    const points = run === undefined ? undefined : stored[run.id];
    return points === undefined || points.length === 0 ? [] : [{ trialId: trial.id, label: capacityText(trial), points }];
  });
}
