/** Early stopping told again from a stored curve: what a run would have given with less patience, without training it. */
import { type EpochRecord, endedCapped, freshStopping, improves, type RunOutcome, type StoppingState, stopsAfter } from "@rightsize/core";

export interface EarlyStopping {
  /** Epochs without an improvement larger than `minDelta` before training stops, ≥ 1. */
  readonly patience: number;
  /** The smallest fall of the validation loss that counts, ≥ 0. */
  readonly minDelta: number;
  readonly maxEpochs: number;
}

/**
 * The outcome of a run had it been trained under other early stopping, from its epochs in order. Exact, because patience changes nothing
 * but where training ends; null where the curve ends before the new rule would have stopped it, and for a run that a limit stopped.
 */
export function outcomeUnder(outcome: RunOutcome, epochs: readonly EpochRecord[], rule: EarlyStopping): RunOutcome | null {
  if (outcome.status === "DIVERGED") return divergedUnder(outcome, epochs, rule);
  if (outcome.status === "STOPPED") return null;
  const stop = stopOf(epochs, rule);
  if (stop === null) return null;
  const best = epochs[stop.state.bestEpoch - 1];
  if (best === undefined) return null;
  return {
    ...outcome,
    validationLoss: best.validationLoss,
    trainingLoss: best.trainingLoss,
    epochs: stop.epochs,
    bestEpoch: stop.state.bestEpoch,
    // What is cut short is meant to end there.
    capped: outcome.maxEpochs === undefined && endedCapped(stop.state, stop.epochs, rule),
    cost: (outcome.cost / Math.max(outcome.epochs, 1)) * stop.epochs,
  };
}

/** A run that diverged after it would have been stopped has no stored score at that place: unknown. Before it, it diverges all the same. */
function divergedUnder(outcome: RunOutcome, epochs: readonly EpochRecord[], rule: EarlyStopping): RunOutcome | null {
  return stopOf(
    epochs.filter(({ validationLoss }) => Number.isFinite(validationLoss)),
    rule,
  ) === null
    ? outcome
    : null;
}

/** Where the new rule would have stopped, with the best epoch until then; null where the curve is too short to say. */
function stopOf(epochs: readonly EpochRecord[], rule: EarlyStopping): { readonly epochs: number; readonly state: StoppingState } | null {
  let state = freshStopping;
  for (const { epoch, validationLoss } of epochs) {
    if (improves(state, validationLoss, rule.minDelta)) state = { bestLoss: validationLoss, bestEpoch: epoch };
    if (stopsAfter(state, epoch, rule)) return { epochs: epoch, state };
  }
  return null;
}
