/** Diagnostics of a trained network at its best weights, and the verdicts that follow from them. */
import type { Activation, Diagnostics, LayerDiagnostics, LayerWeights, NetworkSession, StoppingState, Symptom } from "@rightsize/core";
import { permutation } from "@rightsize/core";
import { canInspect, type LayerInspection } from "./inspection.ts";
import { lossOf } from "./loss.ts";
import { meanPredictorLoss } from "./mean-predictor.ts";
import type { TrainJob } from "./train-job.ts";

/** Rows that a layer is looked at with, and rows that the training loss at the best weights is measured on. */
const sampleRows = 256;
const lossRows = 2048;

/** Thresholds of the verdicts; each sentence tells the number beside its threshold. */
export const thresholds = {
  /** A hidden layer with at least this share of dead units is dying. */
  deadFraction: 0.5,
  /** The first hidden layer's gradient norm over the largest of all layers, below which gradients vanish. */
  gradientRatio: 1e-3,
  /** Validation loss over training loss at the best epoch, from which a network overfits. */
  gap: 1.5,
  /** And that gap, as a share of the mean predictor's loss: a difference between two tiny losses is no illness. */
  gapShare: 0.05,
  /** Training loss over the mean predictor's, from which a network underfits. */
  unexplained: 0.9,
} as const;

export interface TrainedCurve {
  readonly stopping: StoppingState;
  readonly epochs: number;
  readonly steps: number;
  readonly capped: boolean;
}

/** Looks at a session that holds the best weights. Takes one more training step at the end, so the session's state is spent. */
export async function diagnose(session: NetworkSession, job: TrainJob, curve: TrainedCurve): Promise<Diagnostics> {
  const { training } = job.rows;
  const order = permutation(training.length, job.seed, "sample", 0);
  const sampled = (count: number) => Int32Array.from(order.subarray(0, Math.min(count, order.length)), (at) => training[at] as number);
  const trainingLoss = await session.evaluate(sampled(lossRows));
  const inspections = canInspect(session) ? await session.inspect(sampled(sampleRows)) : [];
  const ratios = await updateRatios(session, job, sampled(job.recipe.batchSize as number), curve.steps + 1);
  const layers = inspections.map(
    (layer, index): LayerDiagnostics => ({
      deadFraction: deadFraction(layer, job.recipe.activation),
      gradientNorm: finite(layer.gradientNorm),
      updateRatio: finite(ratios[index] ?? 0),
      saturatedFraction: finite(layer.saturatedFraction),
    }),
  );
  const meanLoss = meanPredictorLoss(lossOf(job.network), job.tensors.y, training, job.network.outputs);
  const symptoms = verdicts(layers, { ...curve, trainingLoss, validationLoss: curve.stopping.bestLoss as number, meanLoss });
  return { layers, symptoms };
}

/** Norm of one step's update over the norm of the weights, layer by layer. */
async function updateRatios(session: NetworkSession, job: TrainJob, rows: Int32Array, step: number): Promise<readonly number[]> {
  const before = session.weights();
  await session.train([{ rows, learningRate: job.learningRate, step }]);
  const after = session.weights();
  return before.map(({ weights }, layer) => {
    const moved = (after[layer] as LayerWeights).weights;
    let squares = 0;
    let all = 0;
    for (let at = 0; at < weights.length; at++) {
      squares += ((moved[at] as number) - (weights[at] as number)) ** 2;
      all += (weights[at] as number) ** 2;
    }
    return all === 0 ? 0 : Math.sqrt(squares / all);
  });
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

export interface VerdictNumbers {
  readonly stopping: StoppingState;
  readonly epochs: number;
  readonly capped: boolean;
  readonly trainingLoss: number;
  readonly validationLoss: number;
  readonly meanLoss: number;
}

/** The verdicts, each with the numbers behind it. */
export function verdicts(layers: readonly LayerDiagnostics[], numbers: VerdictNumbers): Diagnostics["symptoms"] {
  const found: { symptom: Symptom; sentence: string }[] = [];
  const { trainingLoss, validationLoss, meanLoss } = numbers;
  const worst = layers.reduce(
    (most, layer, index) => (layer.deadFraction > (layers[most] as LayerDiagnostics).deadFraction ? index : most),
    0,
  );
  const dead = layers[worst]?.deadFraction ?? 0;
  if (dead >= thresholds.deadFraction) {
    const sentence = `${percent(dead)} of the units of hidden layer ${worst + 1} give the same output for every sampled row (${percent(thresholds.deadFraction)} or more is dying).`;
    found.push({ symptom: "dying_units", sentence });
  } else if (layers.length >= 2) {
    const norms = layers.map(({ gradientNorm }) => gradientNorm);
    const largest = Math.max(...norms);
    const ratio = largest === 0 ? 1 : (norms[0] as number) / largest;
    if (ratio < thresholds.gradientRatio) {
      const sentence = `The gradient of hidden layer 1 is ${short(ratio)} of the largest layer's (below ${thresholds.gradientRatio} it vanishes).`;
      found.push({ symptom: "vanishing_gradients", sentence });
    }
  }
  if (numbers.capped) {
    const sentence = `Training ended at the cap of ${numbers.epochs} epochs, and epoch ${numbers.stopping.bestEpoch} was the best: it was still improving.`;
    found.push({ symptom: "capped", sentence });
  }
  const gap = trainingLoss > 0 ? validationLoss / trainingLoss : Number.POSITIVE_INFINITY;
  if (trainingLoss >= thresholds.unexplained * meanLoss) {
    const share = meanLoss > 0 ? trainingLoss / meanLoss : 1;
    const sentence = `The training loss is ${short(share)} of what predicting the mean gives (${thresholds.unexplained} or more is underfitting).`;
    found.push({ symptom: "underfitting", sentence });
  } else if (gap >= thresholds.gap && validationLoss - trainingLoss >= thresholds.gapShare * meanLoss) {
    const sentence = `The validation loss is ${short(gap)} times the training loss, ${short(validationLoss)} against ${short(trainingLoss)} (${thresholds.gap} or more is overfitting).`;
    found.push({ symptom: "overfitting", sentence });
  }
  return found;
}

const percent = (fraction: number) => `${Math.round(fraction * 100)} %`;
const short = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "many");
const finite = (value: number) => (Number.isFinite(value) ? value : 0);
