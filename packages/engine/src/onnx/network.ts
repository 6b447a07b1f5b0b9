/** Forward and backward pass of a dense network in a graph, layer beside layer. */
import type { Activation } from "@rightsize/core";
import { type Activated, activationRules } from "./activations.ts";
import type { Algebra, Weights } from "./algebra.ts";
import type { Graph, Value } from "./graph.ts";

/** Names of a network's weights [fan-in, fan-out] and biases [1, fan-out], layer by layer; biases are null where they are in the weights. */
export interface NetworkValues {
  readonly weights: readonly Weights[];
  readonly biases: readonly (Value | null)[];
}
/** What the backward pass needs of each layer: its input, and its activation (none behind the output layer). */
export interface LayerTrace {
  readonly input: Value;
  readonly activated: Activated | null;
  readonly mask: Value | null;
}

/** Weights as layers of large networks hold them, with their biases apart. */
export function plainWeights(value: Value): Weights {
  return { value, transposed: false, rowsAboveBiases: null };
}

export function joinColumns(g: Graph, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? (values[0] as Value) : g.node("Concat", values, { axis });
}

export function splitColumns(g: Graph, value: Value, sizes: readonly number[], axis: number): readonly Value[] {
  return sizes.length === 1 ? [value] : g.nodes("Split", [value, g.constantInt64(sizes)], sizes.length, { axis });
}

/** The layers' outputs from x [rows, inputs] to raw outputs [rows, outputs]; masks [rows, nodes] drop hidden units. */
export function forward(
  g: Graph,
  algebra: Algebra,
  network: NetworkValues,
  activation: Activation,
  x: Value,
  masks: readonly Value[] = [],
): { readonly outputs: Value; readonly trace: readonly LayerTrace[] } {
  const trace: LayerTrace[] = [];
  let input = x;
  for (const [layer, weights] of network.weights.entries()) {
    const z = algebra.affine(g, input, weights, network.biases[layer] as Value | null);
    if (layer === network.weights.length - 1) {
      trace.push({ input, activated: null, mask: null });
      return { outputs: z, trace };
    }
    const activated = activationRules[activation].forward(g, z);
    const mask = masks[layer] ?? null;
    trace.push({ input, activated, mask });
    input = mask === null ? activated.h : g.node("Mul", [activated.h, mask]);
  }
  throw new RangeError("a network has at least one layer");
}

/** Gradients as the network holds its values. */
export interface Gradients {
  readonly weights: readonly Value[];
  readonly biases: readonly (Value | null)[];
}

/** Gradients from the last layer to the first, given the loss gradient at the raw outputs [rows, outputs]. */
export function backward(
  g: Graph,
  algebra: Algebra,
  network: NetworkValues,
  activation: Activation,
  trace: readonly LayerTrace[],
  outputGradient: Value,
  options: { readonly l2: number; readonly rows: number },
): Gradients {
  const gradients = { weights: [] as Value[], biases: [] as (Value | null)[] };
  let dz = outputGradient;
  for (let layer = trace.length - 1; layer >= 0; layer--) {
    const { input } = trace[layer] as LayerTrace;
    const weights = network.weights[layer] as Weights;
    gradients.weights[layer] = algebra.weightGradient(g, input, dz, weights, options.l2);
    gradients.biases[layer] = network.biases[layer] === null ? null : algebra.biasGradient(g, dz, weights, options.rows);
    if (layer === 0) break;
    const { activated, mask } = trace[layer - 1] as LayerTrace;
    const below = algebra.inputGradient(g, dz, weights);
    const dh = mask === null ? below : g.node("Mul", [below, mask]);
    dz = activationRules[activation].backward(g, activated as Activated, dh);
  }
  return gradients;
}
