/** Losses in the training graph: each value beside its gradient. The same losses over predictions, in float64, are in ../loss.ts. */
import type { ResolvedLoss } from "../loss.ts";
import type { Algebra } from "./algebra.ts";
import type { Graph, Value } from "./graph.ts";

interface LossRule {
  /** Row weights are multiplied by this before they reach the graph, which saves a node where the gradient has a factor. */
  readonly coefficientFactor: number;
  /**
   * z [rows, outputs], y [rows, 1] (numbers, or int32 classes for cross_entropy), c [rows, 1]: row weight / sum of row weights
   * × coefficientFactor. Gives the weighted mean loss [1, 1] and dL/dz [rows, outputs].
   */
  build(g: Graph, algebra: Algebra, z: Value, y: Value, c: Value, rows: number): { readonly loss: Value; readonly dz: Value };
}

export const lossRules: Readonly<Record<ResolvedLoss, LossRule>> = {
  // e²; gradient 2e, whose 2 is in c
  mean_squared_error: {
    coefficientFactor: 2,
    build: (g, algebra, z, y, c) => {
      const e = g.node("Sub", [z, y]);
      const dz = g.node("Mul", [e, c]);
      return { loss: algebra.dot(g, e, dz, 0.5), dz };
    },
  },
  // |e|; gradient sign(e)
  mean_absolute_error: {
    coefficientFactor: 1,
    build: (g, algebra, z, y, c) => {
      const e = g.node("Sub", [z, y]);
      const dz = g.node("Mul", [g.node("Sign", [e]), c]);
      return { loss: algebra.dot(g, e, dz, 1), dz };
    },
  },
  // Huber 1964 with δ = 1: s (e − s / 2) where s = e clipped to [−1, 1]; gradient s
  huber: {
    coefficientFactor: 1,
    build: (g, algebra, z, y, c) => {
      const e = g.node("Sub", [z, y]);
      const s = g.node("Clip", [e, g.constant([-1]), g.constant([1])]);
      const dz = g.node("Mul", [s, c]);
      return { loss: algebra.dot(g, g.node("Sub", [e, g.node("Mul", [s, g.constant([0.5])])]), dz, 1), dz };
    },
  },
  // −log softmax(z)[class]; gradient softmax(z) − one-hot(class)
  cross_entropy: {
    coefficientFactor: 1,
    build: (g, algebra, z, y, c, rows) => {
      const logShares = g.node("LogSoftmax", [z], { axis: algebra.classAxis });
      const picked = g.node("GatherElements", [logShares, y], { axis: algebra.classAxis });
      const shares = g.node("Exp", [logShares]);
      const many = rows * (algebra.networks ?? 1);
      const shape = algebra.networks === null ? [rows, 1] : [algebra.networks, rows, 1];
      const minusOne = g.constant(
        Array.from({ length: many }, () => -1),
        shape,
      );
      const error = g.node("ScatterElements", [shares, y, minusOne], { axis: algebra.classAxis, reduction: "add" });
      return { loss: algebra.dot(g, c, picked, -1), dz: g.node("Mul", [error, c]) };
    },
  },
  // log(1 + exp(z)) − y z, the negative log-likelihood of sigmoid(z); gradient sigmoid(z) − y
  binary_cross_entropy: {
    coefficientFactor: 1,
    build: (g, algebra, z, y, c) => {
      const dz = g.node("Mul", [g.node("Sub", [g.node("Sigmoid", [z]), y]), c]);
      return { loss: algebra.dot(g, c, g.node("Sub", [g.node("Softplus", [z]), g.node("Mul", [y, z])]), 1), dz };
    },
  },
};
