/** How predicted numbers lie beside the actual ones: pairs to draw, and all residuals in short. */
import { evaluationLimits, type PredictedPair, type RegressionEvaluation } from "@rightsize/contract";
import { type Metrics, permutation } from "@rightsize/core";
import { firstOf } from "./first-of.ts";

type Told = Pick<RegressionEvaluation, "metrics" | "pairs" | "residuals" | "worst" | "notFinite">;

const quantileShares = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1] as const;
const binCount = 30;

export interface NumberRows {
  /** Rows of the dataset, ascending. */
  readonly rows: Int32Array;
  readonly actual: Float64Array;
  readonly predicted: Float64Array;
}

/** `seed` draws the sample where there are more pairs than may be kept. */
export function tellRegression(all: NumberRows, seed: number): Told {
  const { rows, actual, predicted } = finiteOnes(all);
  const residuals = predicted.map((value, index) => value - (actual[index] as number));
  const size = (index: number) => Math.abs(residuals[index] as number);
  const pair = (index: number): PredictedPair => ({
    row: rows[index] as number,
    actual: actual[index] as number,
    predicted: predicted[index] as number,
  });
  return {
    metrics: metricsOf(actual, residuals),
    pairs: Array.from(sampled(rows.length, seed), pair),
    residuals: summary(residuals),
    worst: firstOf(rows.length, evaluationLimits.worst, (a, b) => size(b) - size(a)).map(pair),
    notFinite: all.rows.length - rows.length,
  };
}

function finiteOnes({ rows, actual, predicted }: NumberRows): NumberRows {
  const finite = (_: number, index: number) => Number.isFinite(predicted[index]);
  return { rows: rows.filter(finite), actual: actual.filter(finite), predicted: predicted.filter(finite) };
}

/** Indices of some of the pairs by chance, ascending: every n-th would follow a table's own rhythm. */
function sampled(count: number, seed: number): Int32Array {
  if (count <= evaluationLimits.pairs) return Int32Array.from({ length: count }, (_, index) => index);
  return permutation(count, seed, "sample", 0).slice(0, evaluationLimits.pairs).sort();
}

function metricsOf(actual: Float64Array, residuals: Float64Array): Metrics {
  const count = actual.length;
  if (count === 0) return {};
  const mean = actual.reduce((sum, value) => sum + value / count, 0);
  const squares = residuals.reduce((sum, value) => sum + value ** 2, 0);
  const total = actual.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const metrics: Metrics = {
    meanSquaredError: squares / count,
    rootMeanSquaredError: Math.sqrt(squares / count),
    meanAbsoluteError: residuals.reduce((sum, value) => sum + Math.abs(value), 0) / count,
    ...(total > 0 ? { r2: 1 - squares / total } : {}),
  };
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

/** All zero without residuals. */
function summary(residuals: Float64Array): RegressionEvaluation["residuals"] {
  const sorted = residuals.slice().sort();
  const count = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value / count, 0);
  const deviation = Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2 / count, 0));
  const from = sorted[0] ?? 0;
  const to = sorted[count - 1] ?? 0;
  const counts = new Array<number>(binCount).fill(0);
  for (const value of sorted) {
    const bin = to > from ? Math.min(binCount - 1, Math.floor(((value - from) / (to - from)) * binCount)) : 0;
    counts[bin] = (counts[bin] as number) + 1;
  }
  const quantiles = quantileShares.map((share) => ({ share, value: quantile(sorted, share) }));
  return { mean, deviation, quantiles, histogram: { from, to, counts } };
}

/** Linear between the two nearest (Hyndman and Fan 1996, type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? 0;
  return below + (above - below) * (at - Math.floor(at));
}
