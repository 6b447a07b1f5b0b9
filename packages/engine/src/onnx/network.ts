/** Forward and backward pass of a dense network in a graph, layer beside layer. */
import type { Activation } from "@rightsize/core";
import type { LayerShape } from "../parameters.ts";
import { type Activated, activationRules } from "./activations.ts";
import type { Algebra } from "./algebra.ts";
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

/** Weights and biases of networks side by side out of one tensor [networks, 1, parameters], for any number of networks. */
export function unpack(g: Graph, packed: Value, layers: readonly LayerShape[]): NetworkValues {
  const sizes = [...layers.map(({ fanIn, fanOut }) => fanIn * fanOut), ...layers.map(({ fanOut }) => fanOut)];
  const pieces = splitColumns(g, packed, sizes, 2);
  const weights = layers.map(({ fanIn, fanOut }, layer) =>
    g.node("Reshape", [pieces[layer] as Value, g.constantInt64([-1, fanIn, fanOut])]),
  );
  return { weights, biases: pieces.slice(layers.length) };
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
    const z = algebra.affine(g, input, weights, network.biases[layer] as Value);
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

/** Gradients from the last layer to the first, given the loss gradient at the raw outputs [rows, outputs]. */
export function backward(
  g: Graph,
  algebra: Algebra,
  network: NetworkValues,
  activation: Activation,
  trace: readonly LayerTrace[],
  outputGradient: Value,
  options: { readonly l2: number; readonly rows: number },
): { readonly weights: Value[]; readonly biases: Value[] } {
  const gradients = { weights: [] as Value[], biases: [] as Value[] };
  let dz = outputGradient;
  for (let layer = trace.length - 1; layer >= 0; layer--) {
    const { input } = trace[layer] as LayerTrace;
    const weights = network.weights[layer] as Value;
    gradients.weights[layer] = algebra.weightGradient(g, input, dz, weights, options.l2);
    gradients.biases[layer] = algebra.biasGradient(g, dz, options.rows);
    if (layer === 0) break;
    const { activated, mask } = trace[layer - 1] as LayerTrace;
    const below = algebra.inputGradient(g, dz, weights);
    const dh = mask === null ? below : g.node("Mul", [below, mask]);
    dz = activationRules[activation].backward(g, activated as Activated, dh);
  }
  return gradients;
}
