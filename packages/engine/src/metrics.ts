/** Metrics from predictions: in the target's own unit for regression, from class probabilities for classification. */
import type { Metrics } from "@rightsize/core";
import type { TargetScale } from "@rightsize/data";

export type { TargetScale };

/** A standardised value in the target's own unit. */
export function ownUnit(target: TargetScale, value: number): number {
  const t = value * target.deviation + target.mean;
  return target.log ? Math.exp(t) : t;
}

/** MSE, RMSE, MAE and R² of predictions [rows] against standardised targets [rows]; no R² where the targets are all equal. */
export function regressionMetrics(predictions: Float32Array, targets: Float32Array, target: TargetScale): Metrics {
  const rows = targets.length;
  let mean = 0;
  for (const value of targets) mean += ownUnit(target, value) / rows;
  let squares = 0;
  let absolute = 0;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const truth = ownUnit(target, targets[row] as number);
    const error = ownUnit(target, predictions[row] as number) - truth;
    squares += error * error;
    absolute += Math.abs(error);
    total += (truth - mean) ** 2;
  }
  const metrics = {
    meanSquaredError: squares / rows,
    rootMeanSquaredError: Math.sqrt(squares / rows),
    meanAbsoluteError: absolute / rows,
    ...(total > 0 ? { r2: 1 - squares / total } : {}),
  };
  return finiteOnly(metrics);
}

/** Probabilities [rows, classes] against class numbers [rows]. AUC for two classes where both occur. */
export function classificationMetrics(shares: Float32Array, targets: Float32Array, classes: number): Metrics {
  const rows = targets.length;
  const hits = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const actual = new Float64Array(classes);
  let logLoss = 0;
  for (let row = 0; row < rows; row++) {
    const truth = targets[row] as number;
    let best = 0;
    for (let k = 1; k < classes; k++) if ((shares[row * classes + k] as number) > (shares[row * classes + best] as number)) best = k;
    predicted[best] = (predicted[best] as number) + 1;
    actual[truth] = (actual[truth] as number) + 1;
    if (best === truth) hits[truth] = (hits[truth] as number) + 1;
    logLoss -= Math.log(Math.max(shares[row * classes + truth] as number, smallestShare)) / rows;
  }
  const auc = classes === 2 ? areaUnderCurve(shares, targets) : null;
  return finiteOnly({
    accuracy: hits.reduce((sum, count) => sum + count, 0) / rows,
    logLoss,
    macroF1: macroF1(hits, predicted, actual),
    ...(auc === null ? {} : { auc }),
  });
}
/** Keeps log loss finite where float32 rounds a share to 0. */
const smallestShare = 1e-38;

/** Mean over the classes that occur, or are predicted, of 2 × hits / (predicted + actual). */
function macroF1(hits: Float64Array, predicted: Float64Array, actual: Float64Array): number {
  const scores: number[] = [];
  for (let k = 0; k < hits.length; k++) {
    const both = (predicted[k] as number) + (actual[k] as number);
    if (both > 0) scores.push((2 * (hits[k] as number)) / both);
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Mann–Whitney: the share of pairs in which class 1 got the larger probability, ties counting half; null without both classes. */
function areaUnderCurve(shares: Float32Array, targets: Float32Array): number | null {
  // two sorted lists of numbers are many times quicker than one list of rows sorted by a function
  const positives = sharesOfClass(shares, targets, 1);
  const negatives = sharesOfClass(shares, targets, 0);
  if (positives.length === 0 || negatives.length === 0) return null;
  let below = 0;
  let upTo = 0;
  let pairs = 0;
  for (const value of positives) {
    while (below < negatives.length && (negatives[below] as number) < value) below++;
    while (upTo < negatives.length && (negatives[upTo] as number) <= value) upTo++;
    pairs += (below + upTo) / 2;
  }
  return pairs / (positives.length * negatives.length);
}

/** Probabilities of class 1 of the rows of one class, ascending. */
function sharesOfClass(shares: Float32Array, targets: Float32Array, truth: 0 | 1): Float32Array {
  const kept = new Float32Array(targets.length);
  let count = 0;
  for (let row = 0; row < targets.length; row++) if (targets[row] === truth) kept[count++] = shares[row * 2 + 1] as number;
  return kept.subarray(0, count).sort();
}

function finiteOnly(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}
