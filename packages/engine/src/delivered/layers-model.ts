/** One network as a TensorFlow.js layers model: model.json and weights.bin, as `tf.loadLayersModel` reads them. */
import { type Activation, type LayerWeights, layerWidths, type NetworkSpec } from "@rightsize/core";
import { lossOf } from "../loss.ts";
import { leakySlope } from "../onnx/activations.ts";
import { asBytes } from "../weights.ts";

interface LayerJson {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Input: preprocessed features [rows, inputs]. Output: the standardised target [rows, 1], or class shares (a sigmoid: of the second class). */
export function layersModel(
  network: NetworkSpec,
  weights: readonly LayerWeights[],
): { readonly json: string; readonly weights: Uint8Array } {
  const widths = layerWidths(network.inputs, network.capacity, network.outputs);
  const layers: LayerJson[] = [];
  const specs: { readonly name: string; readonly shape: readonly number[]; readonly dtype: "float32" }[] = [];
  widths.slice(1).forEach((units, index) => {
    const name = `dense_${index + 1}`;
    const { inside, after } = index === widths.length - 2 ? outputActivation(network) : activationOf(network.recipe.activation);
    const shape = index === 0 ? { batch_input_shape: [null, network.inputs] } : {};
    layers.push({ class_name: "Dense", config: { name, ...shape, dtype: "float32", units, activation: inside, use_bias: true } });
    if (after !== null) layers.push({ ...after, config: { name: `activation_${index + 1}`, ...after.config } });
    specs.push({ name: `${name}/kernel`, shape: [widths[index] as number, units], dtype: "float32" });
    specs.push({ name: `${name}/bias`, shape: [units], dtype: "float32" });
  });
  const json = {
    format: "layers-model",
    generatedBy: "rightsize",
    convertedBy: null,
    modelTopology: { class_name: "Sequential", config: { name: "rightsize", layers }, keras_version: "2.0", backend: "tensor_flow.js" },
    weightsManifest: [{ paths: ["weights.bin"], weights: specs }],
  };
  return { json: `${JSON.stringify(json, null, 2)}\n`, weights: joined(weights.flatMap((layer) => [layer.weights, layer.biases])) };
}

interface ActivationJson {
  /** The dense layer's own activation. */
  readonly inside: string;
  /** A layer behind it, for what a dense layer doesn't know. */
  readonly after: LayerJson | null;
}

function activationOf(activation: Activation): ActivationJson {
  if (activation === "leaky_relu") return { inside: "linear", after: { class_name: "LeakyReLU", config: { alpha: leakySlope } } };
  return { inside: activation, after: null };
}

function outputActivation(network: NetworkSpec): ActivationJson {
  const loss = lossOf(network);
  switch (loss) {
    case "mean_squared_error":
    case "mean_absolute_error":
    case "huber":
      return { inside: "linear", after: null };
    case "cross_entropy":
      return { inside: "softmax", after: null };
    case "binary_cross_entropy":
      return { inside: "sigmoid", after: null };
    default:
      return loss satisfies never;
  }
}

function joined(parts: readonly Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(asBytes(part), at);
    at += part.byteLength;
  }
  return bytes;
}
