/** What an engine can tell of a network's layers for given rows; diagnostics are made of it. */
import type { NetworkSession } from "@rightsize/core";

export interface LayerInspection {
  /** Largest and smallest activation of each unit over the rows, [nodes]. */
  readonly largest: Float32Array;
  readonly smallest: Float32Array;
  /** tanh, sigmoid: share of activations within 2 % of a bound, 0–1; 0 for the others. */
  readonly saturatedFraction: number;
  /** Euclidean norm of the mean loss's gradient with respect to the layer's weights (no penalty, dropout off). */
  readonly gradientNorm: number;
}
export interface InspectableSession extends NetworkSession {
  /** Hidden layers from the input on, with the present weights. */
  inspect(rows: Int32Array): Promise<readonly LayerInspection[]>;
  /** What `evaluate` and `predict` give, for one pass through the network. */
  evaluateAndPredict(rows: Int32Array): Promise<{ readonly loss: number; readonly predictions: Float32Array }>;
}
export function canInspect(session: NetworkSession): session is InspectableSession {
  return "inspect" in session;
}

/** Where an activation counts as saturated: outside [low, high]; null for activations without two bounds. */
export function saturationBounds(activation: string): { readonly low: number; readonly high: number } | null {
  if (activation === "tanh") return { low: -0.98, high: 0.98 };
  if (activation === "sigmoid") return { low: 0.02, high: 0.98 };
  return null;
}
