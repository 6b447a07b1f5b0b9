/** Scores of given weights on given rows: for the test split, and for baselines. */
import type { Engine, ExperimentSpec, LayerWeights, Metrics, NetworkSession, NetworkSpec, Scores, TensorTable } from "@rightsize/core";
import { classificationMetrics, regressionMetrics, type TargetScale } from "./metrics.ts";
import { pick } from "./row-weights.ts";
import { isScripted, scriptedScores } from "./scripted/play.ts";

/**
 * Loss on the standardised target (or mean log loss) and metrics in the target's own unit. With `spec`, the scripted engine
 * gives the capacity's scripted score; without, it predicts like any network.
 */
export async function scoreRows(
  engine: Engine,
  network: NetworkSpec,
  tensors: TensorTable,
  target: TargetScale,
  weights: readonly LayerWeights[],
  rows: Int32Array,
  spec?: ExperimentSpec,
): Promise<Scores> {
  const session = await engine.open(network, tensors, { seed: 0, ...(spec === undefined ? {} : { spec }) });
  try {
    if (isScripted(session) && spec !== undefined) return scriptedScores(session, network);
    session.setWeights(weights);
    return { loss: await session.evaluate(rows), metrics: await sessionMetrics(session, network, tensors, target, rows) };
  } finally {
    await session.dispose();
  }
}

/** Outputs of given weights for rows, [rows, outputs] as `predict` gives them: standardised values, or class shares (two columns for a sigmoid). */
export async function predictRows(
  engine: Engine,
  network: NetworkSpec,
  tensors: TensorTable,
  weights: readonly LayerWeights[],
  rows: Int32Array,
): Promise<Float32Array> {
  const session = await engine.open(network, tensors, { seed: 0 });
  try {
    session.setWeights(weights);
    return await session.predict(rows);
  } finally {
    await session.dispose();
  }
}

/**
 * Scores of predictions that no single network made (a mean of several): the loss is the mean squared error on the standardised target, or
 * the mean log loss, whatever loss the networks were trained with.
 */
export function scorePredictions(
  network: NetworkSpec,
  predictions: Float32Array,
  tensors: TensorTable,
  target: TargetScale,
  rows: Int32Array,
): Scores {
  const targets = Float32Array.from(rows, (row) => tensors.y[row] as number);
  if (network.task === "classification") {
    const metrics = classificationMetrics(predictions, targets, Math.max(2, network.outputs));
    return { loss: metrics.logLoss ?? Number.NaN, metrics };
  }
  let squares = 0;
  for (let row = 0; row < rows.length; row++) squares += ((predictions[row] ?? 0) - (targets[row] ?? 0)) ** 2;
  return { loss: squares / rows.length, metrics: regressionMetrics(predictions, targets, target) };
}

/** Metrics of a session's present weights. */
export async function sessionMetrics(
  session: NetworkSession,
  network: NetworkSpec,
  tensors: TensorTable,
  target: TargetScale,
  rows: Int32Array,
): Promise<Metrics> {
  return metricsOf(network, await session.predict(rows), pick(tensors.y, rows), target);
}

/** Metrics of predictions against targets [rows]. */
export function metricsOf(network: NetworkSpec, predictions: Float32Array, targets: Float32Array, target: TargetScale): Metrics {
  if (network.task === "regression") return regressionMetrics(predictions, targets, target);
  return classificationMetrics(predictions, targets, Math.max(2, network.outputs));
}
