/** The network that a scripted run leaves behind: all weights 0, so it predicts the mean (or equal class shares). */
import type { LayerWeights, NetworkSpec } from "@rightsize/core";
import { parameterLayout } from "../parameters.ts";

export function zeroWeights(network: NetworkSpec): readonly LayerWeights[] {
  return parameterLayout(network).layers.map(({ fanIn, fanOut }) => ({
    weights: new Float32Array(fanIn * fanOut),
    biases: new Float32Array(fanOut),
  }));
}
