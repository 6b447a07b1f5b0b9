/** Diagnostics of a trained network at its best weights, and the verdicts that follow from them. */
import type { Diagnostics, LayerDiagnostics, NetworkSession, StoppingState, Symptom } from "@rightsize/core";
import { canInspect } from "./inspection.ts";
import { inspectedRows, layerDiagnostics } from "./layer-diagnostics.ts";
import { lossOf } from "./loss.ts";
import { meanPredictorLoss } from "./mean-predictor.ts";
import type { TrainJob } from "./train-job.ts";

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

/** Looks at a session that holds the best weights, over `sampleOf` its job. Takes one more training step at the end, so the session's state is spent. */
export async function diagnose(session: NetworkSession, job: TrainJob, sample: Int32Array, curve: TrainedCurve): Promise<Diagnostics> {
  const trainingLoss = await session.evaluate(sample);
  const before = session.weights();
  const layers = canInspect(session) ? await session.inspect(sample.subarray(0, inspectedRows)) : [];
  const rows = sample.subarray(0, job.recipe.batchSize as number);
  await session.train([{ rows, learningRate: job.learningRate, step: curve.steps + 1 }]);
  const seen = layerDiagnostics(layers, job.recipe.activation, before, session.weights());
  const meanLoss = meanPredictorLoss(lossOf(job.network), job.tensors.y, job.rows.training, job.network.outputs);
  const symptoms = verdicts(seen, { ...curve, trainingLoss, validationLoss: curve.stopping.bestLoss as number, meanLoss });
  return { layers: seen, symptoms };
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
    // A cap shorter than the patience ends every run so: only a best last epoch says that it was improving.
    const { bestEpoch } = numbers.stopping;
    const end = `Training ended at the cap of ${numbers.epochs} epochs`;
    const sentence =
      bestEpoch === numbers.epochs
        ? `${end}, and the last was the best: it was still improving.`
        : `${end}, before early stopping could end it; epoch ${bestEpoch} was the best.`;
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
