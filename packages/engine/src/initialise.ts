/** Initial weights: uniform from our own seeded numbers, so that every engine starts from the same bits. */
import { type LayerWeights, type NetworkSpec, type Recipe, randomStream } from "@rightsize/core";
import { parameterLayout } from "./parameters.ts";

/** Bounds of the uniform distributions that a layer's weights and biases are drawn from; 0 is a constant 0. */
export interface InitialBounds {
  readonly weights: number;
  readonly biases: number;
}

/**
 * - `fan_in` (and `auto`): 1 / √fan-in for weights and biases, the efficient backprop rule (LeCun et al. 1998) as PyTorch's nn.Linear has it;
 * - `he`: √(6 / fan-in), biases 0 (He et al. 2015);
 * - `glorot`: √(6 / (fan-in + fan-out)), biases 0 (Glorot & Bengio 2010).
 */
export function initialBounds(initialisation: Recipe["initialisation"], fanIn: number, fanOut: number): InitialBounds {
  switch (initialisation) {
    case "auto":
    case "fan_in":
      return { weights: 1 / Math.sqrt(fanIn), biases: 1 / Math.sqrt(fanIn) };
    case "he":
      return { weights: Math.sqrt(6 / fanIn), biases: 0 };
    case "glorot":
      return { weights: Math.sqrt(6 / (fanIn + fanOut)), biases: 0 };
    default:
      return initialisation satisfies never;
  }
}

/** Weights and biases of every layer for a seed, times the recipe's initial scale. */
export function initialWeights(network: NetworkSpec, seed: number): readonly LayerWeights[] {
  const { layers } = parameterLayout(network);
  const { initialisation, initialScale } = network.recipe;
  return layers.map(({ fanIn, fanOut }, layer) => {
    const bounds = initialBounds(initialisation, fanIn, fanOut);
    const stream = randomStream(seed, "weights", 0, layer);
    const draw = (count: number, bound: number) =>
      Float32Array.from({ length: count }, () => (2 * stream.uniform() - 1) * bound * initialScale);
    const weights = draw(fanIn * fanOut, bounds.weights); // [fanIn, fanOut]
    return { weights, biases: bounds.biases === 0 ? new Float32Array(fanOut) : draw(fanOut, bounds.biases) };
  });
}
