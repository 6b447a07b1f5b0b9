/**
 * How the graph of small networks holds a network: all parameters in one tensor, so that an update is one for all of them, and as few
 * nodes as that allows: there a node costs more than its numbers.
 */
import type { LayerShape } from "../parameters.ts";
import type { Weights } from "./algebra.ts";
import type { Graph, Value } from "./graph.ts";
import { type Gradients, joinColumns, type NetworkValues, splitColumns } from "./network.ts";

/** `size` numbers, from `from` in a network's flat vector to `at` in a tensor of the graph. */
export interface Segment {
  readonly from: number;
  readonly at: number;
  readonly size: number;
}

/** Where the parameters of a flat vector lie in the packed tensor: layer by layer, each layer's biases behind its weights. */
export function packedOrder(layers: readonly LayerShape[]): readonly Segment[] {
  let at = 0;
  return layers.flatMap(({ fanIn, fanOut, weightsAt, biasesAt }) => {
    const weights = { from: weightsAt, at, size: fanIn * fanOut };
    const biases = { from: biasesAt, at: at + weights.size, size: fanOut };
    at = biases.at + biases.size;
    return [weights, biases];
  });
}
/** Copies a flat vector into a tensor from `start` on. */
export function copyIn(order: readonly Segment[], flat: Float32Array, tensor: Float32Array, start: number): void {
  for (const { from, at, size } of order) tensor.set(flat.subarray(from, from + size), start + at);
}
/** Copies a tensor from `start` on into a flat vector. */
export function copyOut(order: readonly Segment[], tensor: Float32Array, start: number, flat: Float32Array): void {
  for (const { from, at, size } of order) flat.set(tensor.subarray(start + at, start + at + size), from);
}

/**
 * Weights and biases of networks side by side out of a packed tensor [networks, 1, parameters], for any number of networks. The first
 * layer's biases stay below its weights: x, whose last column is ones, adds them in the product, where an addition that is spread
 * over the rows takes longer than the product itself. Weights to a single output lie: products with a row are quicker.
 */
export function unpack(g: Graph, packed: Value, layers: readonly LayerShape[]): NetworkValues {
  const sizes = layers.flatMap(({ fanIn, fanOut }, layer) => (layer === 0 ? [(fanIn + 1) * fanOut] : [fanIn * fanOut, fanOut]));
  const pieces = splitColumns(g, packed, sizes, 2);
  const weights = layers.map(({ fanIn, fanOut }, layer): Weights => {
    const value = pieces[Math.max(0, 2 * layer - 1)] as Value;
    const rowsAboveBiases = layer === 0 ? fanIn : null;
    if (layer === layers.length - 1 && outputsLie(fanOut)) return { value, transposed: true, rowsAboveBiases };
    const shape = g.constantInt64([-1, layer === 0 ? fanIn + 1 : fanIn, fanOut]);
    return { value: g.node("Reshape", [value, shape]), transposed: false, rowsAboveBiases };
  });
  return { weights, biases: layers.map((_, layer) => (layer === 0 ? null : (pieces[2 * layer] as Value))) };
}

/** The gradients of a packed tensor [networks, 1, parameters], packed as it is. */
export function pack(g: Graph, gradients: Gradients, weights: readonly Weights[], networks: number): Value {
  const pieces = weights.flatMap(({ transposed }, layer) => {
    const gradient = gradients.weights[layer] as Value;
    const flat = transposed ? gradient : g.node("Reshape", [gradient, g.constantInt64([networks, 1, -1])]);
    const biases = gradients.biases[layer] ?? null;
    return biases === null ? [flat] : [flat, biases];
  });
  return joinColumns(g, pieces, 2);
}

/** Whether raw outputs, and targets and row weights beside them, are [1, rows] and not [rows, outputs]. */
export function outputsLie(outputs: number): boolean {
  return outputs === 1;
}

/** Rows of the table x with a last column of ones; a table without it gets it batch by batch, which takes a little longer. */
export function rowsWithOnes(g: Graph, rows: Value, inTable: boolean): Value {
  const gathered = g.node("Gather", ["x", rows], { axis: 0 });
  return inTable ? gathered : g.node("Pad", [gathered, g.constantInt64([0, 0, 0, 0, 0, 1]), g.constant([1])]);
}

/** Numbers of a table that is copied to give it its column of ones: 16 MB. */
const copiedLimit = 2 ** 22;

/** The table with a last column of ones; null where it is too large to be copied. */
export function tableWithOnes({ x, rowCount, inputs }: { readonly x: Float32Array; readonly rowCount: number; readonly inputs: number }) {
  if (rowCount * inputs > copiedLimit) return null;
  const wide = new Float32Array(rowCount * (inputs + 1)).fill(1);
  for (let row = 0; row < rowCount; row++) {
    for (let at = 0; at < inputs; at++) wide[row * (inputs + 1) + at] = x[row * inputs + at] as number;
  }
  return wide;
}
