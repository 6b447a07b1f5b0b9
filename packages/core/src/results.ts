/** What training measures: metrics in the target's own unit, and diagnostics of a network's health. */

/** Metrics by name; only those that apply are present. All finite. */
export interface Metrics {
  /** Regression, in the target's own unit (squared). */
  readonly meanSquaredError?: number;
  readonly rootMeanSquaredError?: number;
  readonly meanAbsoluteError?: number;
  /** 1 − residual / total sum of squares, ≤ 1. */
  readonly r2?: number;
  /** Classification: share of right answers, 0–1. */
  readonly accuracy?: number;
  readonly logLoss?: number;
  readonly macroF1?: number;
  /** Two classes only: area under the ROC curve, 0–1. */
  readonly auc?: number;
}

export const symptoms = ["dying_units", "vanishing_gradients", "diverged", "capped", "overfitting", "underfitting"] as const;
export type Symptom = (typeof symptoms)[number];

/** One hidden layer after some epoch, over a sample of training rows. All finite; fractions are 0–1. */
export interface LayerDiagnostics {
  /** Units whose activation is zero on every sampled row (relu-like), or constant. */
  readonly deadFraction: number;
  /** Euclidean norm of the loss gradient with respect to the layer's weights. */
  readonly gradientNorm: number;
  /** Norm of one step's update over the norm of the weights. */
  readonly updateRatio: number;
  /** tanh, sigmoid: share of activations within 2 % of a bound. */
  readonly saturatedFraction: number;
}

export interface Diagnostics {
  readonly layers: readonly LayerDiagnostics[];
  readonly symptoms: readonly { readonly symptom: Symptom; readonly sentence: string }[];
}
