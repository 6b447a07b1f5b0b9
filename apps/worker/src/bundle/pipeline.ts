/** pipeline.json: what goes into the model and what comes out, the fitted preprocessing as data, and the networks behind the mean. */
import { type Capacity, canonicalText } from "@rightsize/core";
import { type DeliveredSchema, deliveredSchema } from "@rightsize/engine";
import type { MemberModel } from "../delivered-model.ts";

export interface PipelineMember {
  readonly trial: number;
  readonly capacity: Capacity;
  readonly seed: number;
  readonly fold: number;
  readonly validationLoss: number;
  readonly activation: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Folder of its TensorFlow.js layers model in the bundle. */
  readonly layersModel: string;
}

/** Folder of a member's layers model: `tfjs` where there is one network alone. */
export function layersFolder(index: number, members: readonly unknown[]): string {
  return members.length === 1 ? "tfjs" : `tfjs/member-${index + 1}`;
}

export function pipelineSchema(models: readonly MemberModel[]): DeliveredSchema {
  return deliveredSchema((models[0] as MemberModel).prepared.plan);
}

/** The document as text: equal models give equal texts. */
export function pipelineText(models: readonly MemberModel[]): string {
  const first = models[0] as MemberModel;
  const members = models.map(
    ({ member, network }, index): PipelineMember => ({
      trial: member.trial,
      capacity: member.capacity,
      seed: member.seed,
      fold: member.fold,
      validationLoss: member.validationLoss,
      activation: network.recipe.activation,
      inputs: network.inputs,
      outputs: network.outputs,
      layersModel: layersFolder(index, models),
    }),
  );
  const folds = [...new Set(models.map(({ member }) => member.fold))].sort((a, b) => a - b);
  return prettyText({
    format: "rightsize-pipeline/1",
    ...pipelineSchema(models),
    features: first.prepared.plan.features,
    members,
    // One network input is (raw − center) / scale; columns give their features in this order, padded with zeros to `width`.
    folds: folds.map((fold) => ({
      fold,
      columns: first.prepared.plan.folds[fold]?.columns ?? [],
      target: first.prepared.plan.folds[fold]?.target ?? null,
    })),
  });
}

/** Indented JSON with sorted members; throws on numbers that JSON can't hold. */
export function prettyText(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalText(value)), null, 2)}\n`;
}
