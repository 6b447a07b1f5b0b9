/** Activations: each forward formula beside its derivative. A new activation is one entry here and one word in core's list. */
import type { Activation } from "@rightsize/core";
import type { Graph, Value } from "./graph.ts";

/** What the backward pass may use: the input z and output h of the activation, and whatever `forward` kept. */
export interface Activated {
  readonly z: Value;
  readonly h: Value;
  readonly kept?: Value;
}
interface ActivationRule {
  /** h = f(z), both [rows, nodes]. */
  forward(g: Graph, z: Value): Activated;
  /** dL/dz = dL/dh × f'(z). */
  backward(g: Graph, at: Activated, dh: Value): Value;
}

/** Slope of leaky relu below 0 (PyTorch's default). */
export const leakySlope = 0.01;

/** A step function: 1 where h > 0 and 0 where h = 0 or below; a steep HardSigmoid is one vectorised node. */
const positive = (g: Graph, h: Value) => g.node("HardSigmoid", [h], { alpha: { float: 1e30 }, beta: { float: 0 } });

export const activationRules: Readonly<Record<Activation, ActivationRule>> = {
  relu: {
    forward: (g, z) => ({ z, h: g.node("Relu", [z]) }),
    backward: (g, { h }, dh) => g.node("Mul", [dh, positive(g, h)]),
  },
  // f' = 1 − h²
  tanh: {
    forward: (g, z) => ({ z, h: g.node("Tanh", [z]) }),
    backward: (g, { h }, dh) => g.node("Mul", [dh, g.node("Sub", [g.constant([1]), g.node("Mul", [h, h])])]),
  },
  // f' = h − h²
  sigmoid: {
    forward: (g, z) => ({ z, h: g.node("Sigmoid", [z]) }),
    backward: (g, { h }, dh) => g.node("Mul", [dh, g.node("Sub", [h, g.node("Mul", [h, h])])]),
  },
  // f' = 1 above 0, else the slope
  leaky_relu: {
    forward: (g, z) => ({ z, h: g.node("LeakyRelu", [z], { alpha: { float: leakySlope } }) }),
    backward: (g, { h }, dh) => g.node("Mul", [dh, g.node("Max", [positive(g, h), g.constant([leakySlope])])]),
  },
  // Clevert et al. 2015 with α = 1; f' = 1 above 0, else h + 1
  elu: {
    forward: (g, z) => ({ z, h: g.node("Elu", [z], { alpha: { float: 1 } }) }),
    backward: (g, { h }, dh) => g.node("Mul", [dh, g.node("Min", [g.node("Add", [h, g.constant([1])]), g.constant([1])])]),
  },
  // Hendrycks & Gimpel 2016, exact: h = z Φ(z); f' = Φ(z) + z φ(z), Φ and φ the normal distribution and its density
  gelu: {
    forward: (g, z) => {
      const erf = g.node("Erf", [g.node("Mul", [z, g.constant([Math.SQRT1_2])])]);
      const kept = g.node("Mul", [g.node("Add", [erf, g.constant([1])]), g.constant([0.5])]);
      return { z, h: g.node("Mul", [z, kept]), kept };
    },
    backward: (g, { z, kept }, dh) => {
      const exponent = g.node("Mul", [g.node("Mul", [z, z]), g.constant([-0.5])]);
      const density = g.node("Mul", [g.node("Exp", [exponent]), g.constant([1 / Math.sqrt(2 * Math.PI)])]);
      return g.node("Mul", [dh, g.node("Add", [kept as Value, g.node("Mul", [z, density])])]);
    },
  },
  linear: { forward: (_g, z) => ({ z, h: z }), backward: (_g, _at, dh) => dh },
};
