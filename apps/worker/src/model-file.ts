/** The delivered model as one JSON document: each member's network, weights and fitted preprocessing; predictions are their mean. */
import { canonicalText } from "@rightsize/core";
import type { MemberModel } from "./delivered-model.ts";
import type { RunContext } from "./run-context.ts";

/** UTF-8 bytes of `rightsize-model/1`: equal models give equal bytes. Weights are base64 of little-endian float32, [fan-in, fan-out] row-major. */
export function modelFile({ work }: RunContext, models: readonly MemberModel[]): Uint8Array {
  const document = {
    format: "rightsize-model/1",
    task: work.spec.task,
    target: work.spec.target,
    classes: work.plan.classes,
    featureColumns: work.plan.featureColumns,
    dataset: work.spec.dataset,
    plan: work.plan.artifact,
    members: models.map(({ member, network, weights, prepared }) => ({
      trial: member.trial,
      seed: member.seed,
      fold: member.fold,
      network: { inputs: network.inputs, outputs: network.outputs, capacity: network.capacity, activation: network.recipe.activation },
      layers: weights.map((layer) => ({ weights: base64(layer.weights), biases: base64(layer.biases) })),
      targetScale: prepared.fold.target,
      pipeline: prepared.plan.folds[member.fold] ?? null,
    })),
  };
  return new TextEncoder().encode(canonicalText(document));
}

function base64(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}
