/** Initial weights: He or Glorot uniform from our own seeded numbers, so that every engine starts from the same bits. */
import { type Activation, type LayerWeights, type NetworkSpec, type Recipe, randomStream } from "@rightsize/core";
import { parameterLayout } from "./parameters.ts";

/**
 * Bound of the uniform distribution: √(6 / fan-in) (He et al. 2015) or √(6 / (fan-in + fan-out)) (Glorot & Bengio 2010).
 * `auto` looks at the activation behind the layer; the output layer has none, hence Glorot.
 */
export function initialBound(initialisation: Recipe["initialisation"], activation: Activation, fanIn: number, fanOut: number): number {
  const he = initialisation === "auto" ? reluLike(activation) : initialisation === "he";
  return Math.sqrt(6 / (he ? fanIn : fanIn + fanOut));
}

function reluLike(activation: Activation): boolean {
  switch (activation) {
    case "relu":
    case "leaky_relu":
    case "elu":
    case "gelu":
      return true;
    case "tanh":
    case "sigmoid":
    case "linear":
      return false;
    default:
      return activation satisfies never;
  }
}

/** Weights of every layer for a seed, times the recipe's initial scale; biases are 0. */
export function initialWeights(network: NetworkSpec, seed: number): readonly LayerWeights[] {
  const { layers } = parameterLayout(network);
  const { activation, initialisation, initialScale } = network.recipe;
  return layers.map(({ fanIn, fanOut }, layer) => {
    const follows = layer === layers.length - 1 ? "linear" : activation;
    const bound = initialBound(initialisation, follows, fanIn, fanOut) * initialScale;
    const stream = randomStream(seed, "weights", 0, layer);
    const weights = new Float32Array(fanIn * fanOut);
    for (let at = 0; at < weights.length; at++) weights[at] = (2 * stream.uniform() - 1) * bound;
    return { weights, biases: new Float32Array(fanOut) };
  });
}
