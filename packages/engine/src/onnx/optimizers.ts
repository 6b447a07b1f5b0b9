/** Optimizers in the training graph: the update of one tensor beside its source, and the numbers of each step that it needs. */
import type { Optimizer } from "@rightsize/core";
import type { Graph, Value } from "./graph.ts";

/** Numbers of one step, as scalars in the graph. */
export interface StepNumbers {
  readonly size: Value;
  readonly epsilon: Value;
  readonly decay: Value;
}
export type StepNumberName = keyof StepNumbers;

interface OptimizerRule {
  /** Moments kept for each parameter: 0, 1 or 2. */
  readonly momentCount: 0 | 1 | 2;
  /** Which numbers of a step the update reads. */
  readonly reads: readonly StepNumberName[];
  /** The numbers for a learning rate at a step (from 1). */
  numbers(learningRate: number, step: number): Readonly<Record<StepNumberName, number>>;
  /** The tensor and its moments after the step. `decays`: weights do, biases don't. */
  update(
    g: Graph,
    at: {
      readonly parameter: Value;
      readonly gradient: Value;
      readonly moments: readonly Value[];
      readonly step: StepNumbers;
      readonly decays: boolean;
    },
  ): { readonly parameter: Value; readonly moments: readonly Value[] };
}

/** The rule of an optimizer. */
export function optimizerRule(optimizer: Optimizer): OptimizerRule {
  switch (optimizer.kind) {
    case "sgd":
      return sgd(optimizer.momentum, optimizer.nesterov);
    case "adam":
      return adam(optimizer.beta1, optimizer.beta2, optimizer.epsilon, 0);
    case "adamw":
      return adam(optimizer.beta1, optimizer.beta2, optimizer.epsilon, optimizer.weightDecay);
    default:
      return optimizer satisfies never;
  }
}

/** v ← μ v + g; p ← p − rate × v, or with Nesterov p − rate × (g + μ v) (Sutskever et al. 2013, in PyTorch's form). */
function sgd(momentum: number, nesterov: boolean): OptimizerRule {
  return {
    momentCount: momentum === 0 ? 0 : 1,
    reads: ["size"],
    numbers: (learningRate) => ({ size: learningRate, epsilon: 0, decay: 1 }),
    update: (g, { parameter, gradient, moments, step }) => {
      const [velocity] = moments;
      if (velocity === undefined) return { parameter: g.node("Sub", [parameter, g.node("Mul", [gradient, step.size])]), moments: [] };
      const factor = g.constant([momentum]);
      const next = g.node("Add", [g.node("Mul", [velocity, factor]), gradient]);
      const direction = nesterov ? g.node("Add", [g.node("Mul", [next, factor]), gradient]) : next;
      return { parameter: g.node("Sub", [parameter, g.node("Mul", [direction, step.size])]), moments: [next] };
    },
  };
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019): m ← β1 m + (1 − β1) g, v ← β2 v + (1 − β2) g²,
 * p ← p − rate × (m / (1 − β1^t)) / (√(v / (1 − β2^t)) + ε), AdamW first p ← p × (1 − rate × decay).
 * The graph keeps M = m / (1 − β1) and V = v / (1 − β2), which saves two passes over the parameters; what that changes is in
 * the step's numbers, and so is the bias correction: p ← p − size × M / (√V + epsilon).
 */
function adam(beta1: number, beta2: number, epsilon: number, weightDecay: number): OptimizerRule {
  return {
    momentCount: 2,
    reads: weightDecay === 0 ? ["size", "epsilon"] : ["size", "epsilon", "decay"],
    numbers: (learningRate, step) => {
      const root = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
      return {
        size: (learningRate * (1 - beta1)) / (1 - beta1 ** step) / root,
        epsilon: epsilon / root,
        decay: 1 - learningRate * weightDecay,
      };
    },
    update: (g, { parameter, gradient, moments, step, decays }) => {
      const [first, second] = moments as [Value, Value];
      const m = g.node("Add", [g.node("Mul", [first, g.constant([beta1])]), gradient]);
      const v = g.node("Add", [g.node("Mul", [second, g.constant([beta2])]), g.node("Mul", [gradient, gradient])]);
      const direction = g.node("Div", [m, g.node("Add", [g.node("Sqrt", [v]), step.epsilon])]);
      const kept = decays && weightDecay > 0 ? g.node("Mul", [parameter, step.decay]) : parameter;
      return { parameter: g.node("Sub", [kept, g.node("Mul", [direction, step.size])]), moments: [m, v] };
    },
  };
}
