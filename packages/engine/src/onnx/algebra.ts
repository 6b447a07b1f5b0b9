/**
 * The matrix products of training, for one network or for several of one shape side by side. Everything else in the graphs is
 * elementwise and the same for both.
 */
import type { Graph, Value } from "./graph.ts";

export interface Algebra {
  /** Networks side by side; null where tensors have no such axis. */
  readonly networks: number | null;
  /** Axis of the outputs (classes). */
  readonly classAxis: number;
  /** x W + b: x [rows, in], W [in, out], b [1, out], each with the networks' axis in front. */
  affine(g: Graph, x: Value, weights: Value, biases: Value): Value;
  /** xᵀ dz + l2 × W, the gradient with respect to W. */
  weightGradient(g: Graph, x: Value, dz: Value, weights: Value, l2: number): Value;
  /** dz Wᵀ, the gradient with respect to x. */
  inputGradient(g: Graph, dz: Value, weights: Value): Value;
  /** Σ over rows of dz, [1, out], as a product with ones: its bits don't depend on the networks beside it (a ReduceSum's do). */
  biasGradient(g: Graph, dz: Value, rows: number): Value;
  /** alpha × Σ over rows of a × b for columns a and b [rows, 1]; [1, 1]. */
  dot(g: Graph, a: Value, b: Value, alpha: number): Value;
}

const ones = (g: Graph, rows: number, shape: readonly number[]) => {
  const values = Array.from({ length: rows }, () => 1);
  return g.constant(values, shape);
};

/** One network: Gemm does the bias and the penalty in the product itself. */
export const soloAlgebra: Algebra = {
  networks: null,
  classAxis: 1,
  affine: (g, x, weights, biases) => g.node("Gemm", [x, weights, biases]),
  weightGradient: (g, x, dz, weights, l2) =>
    l2 > 0 ? g.node("Gemm", [x, dz, weights], { transA: 1, beta: { float: l2 } }) : g.node("Gemm", [x, dz], { transA: 1 }),
  inputGradient: (g, dz, weights) => g.node("Gemm", [dz, weights], { transB: 1 }),
  biasGradient: (g, dz, rows) => g.node("MatMul", [ones(g, rows, [1, rows]), dz]),
  dot: (g, a, b, alpha) => g.node("Gemm", [a, b], { transA: 1, alpha: { float: alpha } }),
};

/** Several networks: batched products, [networks, rows, nodes] throughout. */
export function fusedAlgebra(networks: number): Algebra {
  const product = (g: Graph, a: Value, b: Value, attributes: { transA?: number; transB?: number; alpha?: { float: number } }) =>
    g.node("com.microsoft:FusedMatMul", [a, b], attributes);
  return {
    networks,
    classAxis: 2,
    affine: (g, x, weights, biases) => g.node("Add", [g.node("MatMul", [x, weights]), biases]),
    weightGradient: (g, x, dz, weights, l2) => {
      const gradient = product(g, x, dz, { transA: 1 });
      return l2 > 0 ? g.node("Add", [gradient, g.node("Mul", [weights, g.constant([l2])])]) : gradient;
    },
    inputGradient: (g, dz, weights) => product(g, dz, weights, { transB: 1 }),
    biasGradient: (g, dz, rows) => {
      const column = ones(g, rows * networks, [networks, 1, rows]);
      return g.node("MatMul", [column, dz]);
    },
    dot: (g, a, b, alpha) => product(g, a, b, { transA: 1, alpha: { float: alpha } }),
  };
}
