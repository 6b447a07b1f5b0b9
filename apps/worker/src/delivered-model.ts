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

/** Scores of the mean of the models' predictions on rows that every fold numbers alike (the test split, or the only fold's validation rows). */
export async function scoreMean(
  context: RunContext,
  models: readonly MemberModel[],
  rowsOf: (fold: PreparedFold) => Int32Array,
): Promise<Scores> {
  const scores = await scorePrefixes(context, models, rowsOf);
  const all = scores.at(-1);
  if (all === undefined) throw new Error("a mean needs at least one model");
  return all;
}

/**
 * The first models, best first, whose mean has the lowest loss on the validation rows (forward selection, Caruana et al. 2004, along the
 * given order): after a short search the fifth best run may be far behind, and would make the mean worse than the best alone.
 */
export async function bestPrefix(context: RunContext, models: readonly MemberModel[]): Promise<readonly MemberModel[]> {
  const losses = (await scorePrefixes(context, models, ({ fold }) => fold.rows.validation)).map(({ loss }) => loss);
  const best = losses.indexOf(Math.min(...losses));
  return models.slice(0, Math.max(best, 0) + 1);
}

/**
 * Scores of the mean of the first model, of the first two, and so on. Regression averages in the standardised unit of the first model's
 * fold; classification averages class shares.
 */
async function scorePrefixes(
  context: RunContext,
  models: readonly MemberModel[],
  rowsOf: (fold: PreparedFold) => Int32Array,
): Promise<readonly Scores[]> {
  const first = models[0];
  if (first === undefined) return [];
  const rows = rowsOf(first.prepared);
  const { tensors, target } = first.prepared.fold;
  const sums: number[] = [];
  const scores: Scores[] = [];
  for (const { network, weights, prepared } of models) {
    const own = await predictRows(context.engine, network, prepared.fold.tensors, weights, rowsOf(prepared));
    own.forEach((value, at) => {
      sums[at] = (sums[at] ?? 0) + inUnitOf(first, prepared, value);
    });
    const mean = Float32Array.from(sums, (total) => total / (scores.length + 1));
    scores.push(scorePredictions(first.network, mean, tensors, target, rows));
  }
  return scores;
}

/** A standardised prediction of one fold in the standardised unit of another; class shares stay as they are (mean 0, deviation 1). */
function inUnitOf(first: MemberModel, prepared: PreparedFold, value: number): number {
  const from = prepared.fold.target;
  const to = first.prepared.fold.target;
  return from === to ? value : (value * from.deviation + from.mean - to.mean) / to.deviation;
}
