/** Forward and backward pass of a dense network in a graph, layer beside layer. */
import type { Activation } from "@rightsize/core";
import { type Activated, activationRules } from "./activations.ts";
import type { Graph, Value } from "./graph.ts";

/** Names of a network's weights [fan-in, fan-out] and biases [1, fan-out], layer by layer. */
export interface NetworkValues {
  readonly weights: readonly Value[];
  readonly biases: readonly Value[];
}
/** What the backward pass needs of each layer: its input, and its activation (none behind the output layer). */
export interface LayerTrace {
  readonly input: Value;
  readonly activated: Activated | null;
  readonly mask: Value | null;
}

/** The layers' outputs from x [rows, inputs] to raw outputs [rows, outputs]; masks [rows, nodes] drop hidden units. */
export function forward(
  g: Graph,
  network: NetworkValues,
  activation: Activation,
  x: Value,
  masks: readonly Value[] = [],
): { readonly outputs: Value; readonly trace: readonly LayerTrace[] } {
  const trace: LayerTrace[] = [];
  let input = x;
  for (const [layer, weights] of network.weights.entries()) {
    const z = g.node("Gemm", [input, weights, network.biases[layer] as Value]);
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

/**
 * Gradients from the last layer to the first, given the loss gradient at the raw outputs [rows, outputs].
 * The L2 penalty rides in the product for the weights' gradient: xᵀ dz + l2 × W is one Gemm. Bias gradients are a product
 * with ones, whose bits don't depend on how many networks are trained side by side (a ReduceSum's do).
 */
export function backward(
  g: Graph,
  network: NetworkValues,
  activation: Activation,
  trace: readonly LayerTrace[],
  outputGradient: Value,
  options: { readonly l2: number; readonly rows: number },
): { readonly weights: Value[]; readonly biases: Value[] } {
  const ones = g.constant(
    Array.from({ length: options.rows }, () => 1),
    [1, options.rows],
  );
  const gradients = { weights: [] as Value[], biases: [] as Value[] };
  let dz = outputGradient;
  for (let layer = trace.length - 1; layer >= 0; layer--) {
    const { input } = trace[layer] as LayerTrace;
    const weights = network.weights[layer] as Value;
    const penalty = options.l2 > 0;
    gradients.weights[layer] = g.node("Gemm", penalty ? [input, dz, weights] : [input, dz], {
      transA: 1,
      ...(penalty ? { beta: { float: options.l2 } } : {}),
    });
    gradients.biases[layer] = g.node("MatMul", [ones, dz]);
    if (layer === 0) break;
    const { activated, mask } = trace[layer - 1] as LayerTrace;
    const below = g.node("Gemm", [dz, weights], { transB: 1 });
    const dh = mask === null ? below : g.node("Mul", [below, mask]);
    dz = activationRules[activation].backward(g, activated as Activated, dh);
  }
  return gradients;
}
