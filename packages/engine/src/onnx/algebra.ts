/**
 * The matrix products of training, for one network or for several of one shape side by side. Everything else in the graphs is
 * elementwise and the same for both.
 */
import type { Graph, Value } from "./graph.ts";

/** A layer's weights [in, out]. */
export interface Weights {
  readonly value: Value;
  /** Held as [out, in]; the layer's outputs and their gradients are [out, rows] then. */
  readonly transposed: boolean;
  /** The layer's biases are the last row, and its input has a last column of ones; null where they are apart. Else the rows before it. */
  readonly rowsAboveBiases: number | null;
}

export interface Algebra {
  /** Networks side by side; null where tensors have no such axis. */
  readonly networks: number | null;
  /** Axis of the outputs (classes). */
  readonly classAxis: number;
  /** x W + b: x [rows, in], W [in, out], b [1, out], each with the networks' axis in front; biases null where they are in W. */
  affine(g: Graph, x: Value, weights: Weights, biases: Value | null): Value;
  /** xᵀ dz + l2 × W, the gradient with respect to W, held as W is; biases in W aren't penalised. */
  weightGradient(g: Graph, x: Value, dz: Value, weights: Weights, l2: number): Value;
  /** dz Wᵀ, the gradient with respect to x; W without biases. */
  inputGradient(g: Graph, dz: Value, weights: Weights): Value;
  /** Σ over rows of dz, held as the weights are, as a product with ones: its bits don't depend on the networks beside it (a ReduceSum's do). */
  biasGradient(g: Graph, dz: Value, weights: Weights, rows: number): Value;
  /** alpha × Σ over rows of a × b for columns (or rows, where outputs lie) a and b [rows, 1]; [1, 1]. */
  dot(g: Graph, a: Value, b: Value, alpha: number): Value;
}

const ones = (g: Graph, rows: number, shape: readonly number[]) => {
  const values = Array.from({ length: rows }, () => 1);
  return g.constant(values, shape);
};

/** l2 for weights and 0 for the biases below them. */
function penalties(g: Graph, { transposed, rowsAboveBiases }: Weights, l2: number): Value {
  if (rowsAboveBiases === null) return g.constant([l2]);
  const column = [...Array.from({ length: rowsAboveBiases }, () => l2), 0];
  return g.constant(column, transposed ? [1, column.length] : [column.length, 1]);
}

/** One network: Gemm does the bias and the penalty in the product itself. */
export const soloAlgebra: Algebra = {
  networks: null,
  classAxis: 1,
  affine: (g, x, weights, biases) => g.node("Gemm", [x, weights.value, ...(biases === null ? [] : [biases])]),
  weightGradient: (g, x, dz, weights, l2) =>
    l2 > 0 ? g.node("Gemm", [x, dz, weights.value], { transA: 1, beta: { float: l2 } }) : g.node("Gemm", [x, dz], { transA: 1 }),
  inputGradient: (g, dz, weights) => g.node("Gemm", [dz, weights.value], { transB: 1 }),
  biasGradient: (g, dz, _weights, rows) => g.node("MatMul", [ones(g, rows, [1, rows]), dz]),
  dot: (g, a, b, alpha) => g.node("Gemm", [a, b], { transA: 1, alpha: { float: alpha } }),
};

/** Several networks: batched products, [networks, rows, nodes] throughout; `outputsLie`: but [networks, 1, rows] behind the last layer. */
export function fusedAlgebra(networks: number, outputsLie: boolean): Algebra {
  const product = (g: Graph, a: Value, b: Value, attributes: { transA?: number; transB?: number; alpha?: { float: number } }) =>
    g.node("com.microsoft:FusedMatMul", [a, b], attributes);
  return {
    networks,
    classAxis: 2,
    affine: (g, x, { value, transposed }, biases) => {
      const z = transposed ? product(g, value, x, { transB: 1 }) : g.node("MatMul", [x, value]);
      return biases === null ? z : g.node("Add", [z, biases]);
    },
    weightGradient: (g, x, dz, weights, l2) => {
      const gradient = weights.transposed ? g.node("MatMul", [dz, x]) : product(g, x, dz, { transA: 1 });
      return l2 > 0 ? g.node("Add", [gradient, g.node("Mul", [weights.value, penalties(g, weights, l2)])]) : gradient;
    },
    inputGradient: (g, dz, { value, transposed }) => product(g, dz, value, transposed ? { transA: 1 } : { transB: 1 }),
    biasGradient: (g, dz, { transposed }, rows) => {
      const row = ones(g, rows * networks, [networks, 1, rows]);
      return transposed ? product(g, row, dz, { transB: 1 }) : g.node("MatMul", [row, dz]);
    },
    dot: (g, a, b, alpha) => product(g, a, b, { ...(outputsLie ? { transB: 1 } : { transA: 1 }), alpha: { float: alpha } }),
  };
}
