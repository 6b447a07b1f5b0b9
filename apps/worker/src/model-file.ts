/** The winner's model as one JSON document: the network, its weights and the fitted preprocessing. */
import { canonicalText, type LayerWeights, type NetworkSpec } from "@rightsize/core";
import type { RunContext } from "./run-context.ts";

/** UTF-8 bytes of `rightsize-model/1`: equal models give equal bytes. Weights are base64 of little-endian float32, [fan-in, fan-out] row-major. */
export function modelFile(context: RunContext, network: NetworkSpec, weights: readonly LayerWeights[]): Uint8Array {
  const { work, data, run } = context;
  const document = {
    format: "rightsize-model/1",
    task: work.spec.task,
    target: work.spec.target,
    classes: work.plan.classes,
    network: { inputs: network.inputs, outputs: network.outputs, capacity: network.capacity, activation: network.recipe.activation },
    layers: weights.map((layer) => ({ weights: base64(layer.weights), biases: base64(layer.biases) })),
    targetScale: data.fold.target,
    pipeline: data.plan.folds[run.fold] ?? null,
    featureColumns: work.plan.featureColumns,
    dataset: work.spec.dataset,
    plan: work.plan.artifact,
  };
  return new TextEncoder().encode(canonicalText(document));
}

function base64(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}
