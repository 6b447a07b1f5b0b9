/** The delivered model: one network, or several whose predictions are averaged. */
import type { LayerWeights, NetworkSpec, Scores, TrainedMember } from "@rightsize/core";
import { deserialiseWeights, predictRows, scorePredictions } from "@rightsize/engine";
import type { PreparedFold } from "./fold-cache.ts";
import { networkOf, type RunContext } from "./run-context.ts";

export interface MemberModel {
  readonly member: TrainedMember;
  readonly network: NetworkSpec;
  readonly weights: readonly LayerWeights[];
  /** The member's own fold: its preprocessing and target scale were fitted on that fold's training rows. */
  readonly prepared: PreparedFold;
}

/** Loads the members' weights and folds, in order. */
export async function loadMembers(context: RunContext, foldOf: (fold: number) => Promise<PreparedFold>): Promise<readonly MemberModel[]> {
  const models: MemberModel[] = [];
  for (const member of context.work.members) {
    const prepared = await foldOf(member.fold);
    const weights = deserialiseWeights(await context.artifacts.read(member.weightsArtifact));
    models.push({ member, prepared, weights, network: networkOf({ ...context, data: prepared }, member.capacity) });
  }
  return models;
}

/**
 * Scores of the members' mean on rows that every fold numbers alike (the test split, or the validation rows of the only fold). Regression
 * averages in the standardised unit of the first member's fold; classification averages class shares.
 */
export async function scoreMean(
  context: RunContext,
  models: readonly MemberModel[],
  rowsOf: (fold: PreparedFold) => Int32Array,
): Promise<Scores> {
  const first = models[0];
  if (first === undefined) throw new Error("a mean needs at least one model");
  const rows = rowsOf(first.prepared);
  let sum: Float64Array | null = null;
  for (const { network, weights, prepared } of models) {
    const own = await predictRows(context.engine, network, prepared.fold.tensors, weights, rowsOf(prepared));
    sum ??= new Float64Array(own.length);
    for (let at = 0; at < own.length; at++) sum[at] = (sum[at] ?? 0) + inUnitOf(first, prepared, own[at] ?? 0);
  }
  const mean = Float32Array.from(sum ?? [], (total) => total / models.length);
  return scorePredictions(first.network, mean, first.prepared.fold.tensors, first.prepared.fold.target, rows);
}

/** A standardised prediction of one fold in the standardised unit of another; class shares stay as they are (mean 0, deviation 1). */
function inUnitOf(first: MemberModel, prepared: PreparedFold, value: number): number {
  const from = prepared.fold.target;
  const to = first.prepared.fold.target;
  return from === to ? value : (value * from.deviation + from.mean - to.mean) / to.deviation;
}
