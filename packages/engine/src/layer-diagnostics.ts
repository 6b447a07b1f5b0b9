/** What is told of a network's hidden layers: dead and saturated units, gradients, and how far a step moves the weights. */
import { type Activation, type LayerDiagnostics, type LayerWeights, permutation } from "@rightsize/core";
import type { LayerInspection } from "./inspection.ts";
import type { TrainJob } from "./train-job.ts";

/** Training rows that layers are looked at with; the same ones throughout a run. */
export const inspectedRows = 256;

/** Training rows that a training loss is measured on again; layers are looked at with the first of them. */
const sampledRows = 2048;

/** At most 2048 training rows, chosen by the run's seed. */
export function sampleOf({ rows: { training }, seed }: TrainJob): Int32Array {
  return permutation(training.length, seed, "sample", 0)
    .slice(0, sampledRows)
    .map((at) => training[at] as number);
}

/** Numbers for people of each hidden layer; `before` and `after` are the weights on both sides of one step of training. */
export function layerDiagnostics(
  layers: readonly LayerInspection[],
  activation: Activation,
  before: readonly LayerWeights[],
  after: readonly LayerWeights[],
): readonly LayerDiagnostics[] {
  return layers.map((layer, index) => ({
    deadFraction: deadFraction(layer, activation),
    gradientNorm: finite(layer.gradientNorm),
    updateRatio: finite(updateRatio(before[index] as LayerWeights, after[index] as LayerWeights)),
    saturatedFraction: finite(layer.saturatedFraction),
  }));
}

/** Norm of one step's update over the norm of the weights. */
function updateRatio({ weights }: LayerWeights, { weights: moved }: LayerWeights): number {
  let squares = 0;
  let all = 0;
  for (let at = 0; at < weights.length; at++) {
    const weight = weights[at] as number;
    const step = (moved[at] as number) - weight;
    squares += step * step;
    all += weight * weight;
  }
  return all === 0 ? 0 : Math.sqrt(squares / all);
}

/** Units that are 0 for every row (relu), or hardly change over all rows (any activation). */
function deadFraction({ largest, smallest }: LayerInspection, activation: Activation): number {
  let dead = 0;
  for (let unit = 0; unit < largest.length; unit++) {
    const high = largest[unit] as number;
    const low = smallest[unit] as number;
    const constant = high - low <= 1e-6 * Math.max(1, Math.abs(high));
    if (constant || (activation === "relu" && high <= 0)) dead++;
  }
  return dead / largest.length;
}

/** JSON knows no infinity: what overflowed float32 is told as its largest number. */
const finite = (value: number) => (Number.isFinite(value) ? value : 3.4028235e38);
