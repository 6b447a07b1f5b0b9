/** Where a network's parameters lie in one flat vector: all weights layer by layer, then all biases layer by layer. */
import { type LayerWeights, layerWidths, type NetworkSpec, RightsizeError } from "@rightsize/core";

export interface LayerShape {
  readonly fanIn: number;
  readonly fanOut: number;
  /** Start of the weights [fanIn, fanOut] and of the biases [fanOut] in the flat vector. */
  readonly weightsAt: number;
  readonly biasesAt: number;
}
export interface ParameterLayout {
  readonly layers: readonly LayerShape[];
  /** Start of the biases = count of all weights. */
  readonly biasesAt: number;
  readonly count: number;
}

export function parameterLayout(network: Pick<NetworkSpec, "inputs" | "capacity" | "outputs">): ParameterLayout {
  const widths = layerWidths(network.inputs, network.capacity, network.outputs);
  const pairs = widths.slice(1).map((fanOut, index) => ({ fanIn: widths[index] as number, fanOut }));
  const biasesAt = pairs.reduce((sum, { fanIn, fanOut }) => sum + fanIn * fanOut, 0);
  let weight = 0;
  let bias = biasesAt;
  const layers = pairs.map(({ fanIn, fanOut }) => {
    const layer = { fanIn, fanOut, weightsAt: weight, biasesAt: bias };
    weight += fanIn * fanOut;
    bias += fanOut;
    return layer;
  });
  return { layers, biasesAt, count: bias };
}

/** Copies layers out of a flat vector. */
export function unflatten(layout: ParameterLayout, flat: Float32Array): readonly LayerWeights[] {
  return layout.layers.map(({ fanIn, fanOut, weightsAt, biasesAt }) => ({
    weights: flat.slice(weightsAt, weightsAt + fanIn * fanOut),
    biases: flat.slice(biasesAt, biasesAt + fanOut),
  }));
}

/** Copies layers into a flat vector; throws `engine_failed` where shapes differ. */
export function flatten(layout: ParameterLayout, layers: readonly LayerWeights[], flat: Float32Array): void {
  const fits = (layer: LayerWeights | undefined, { fanIn, fanOut }: LayerShape) =>
    layer !== undefined && layer.weights.length === fanIn * fanOut && layer.biases.length === fanOut;
  if (layers.length !== layout.layers.length || !layout.layers.every((shape, index) => fits(layers[index], shape))) {
    throw new RightsizeError("engine_failed", "These weights belong to a network of another shape.", {
      issues: [
        {
          where: "weights",
          received: layers.map(({ weights, biases }) => `${weights.length}+${biases.length}`).join(", "),
          required: layout.layers.map(({ fanIn, fanOut }) => `${fanIn * fanOut}+${fanOut}`).join(", "),
        },
      ],
    });
  }
  for (const [index, shape] of layout.layers.entries()) {
    const layer = layers[index] as LayerWeights;
    flat.set(layer.weights, shape.weightsAt);
    flat.set(layer.biases, shape.biasesAt);
  }
}
