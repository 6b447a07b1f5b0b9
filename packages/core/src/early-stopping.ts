/** Early stopping: which epoch is best so far, and whether training may go on (Prechelt 1998). */

export interface StoppingState {
  /** Validation loss of the best epoch; null before the first. */
  readonly bestLoss: number | null;
  /** From 1; 0 before the first. */
  readonly bestEpoch: number;
}
export const freshStopping: StoppingState = { bestLoss: null, bestEpoch: 0 };

/** An epoch improves when its loss falls below the best by more than `minDelta`; a smaller fall leaves the best where it is. */
export function improves(state: StoppingState, validationLoss: number, minDelta: number): boolean {
  return state.bestLoss === null || validationLoss < state.bestLoss - minDelta;
}

/** Whether training ends after `epoch`: the cap is reached, or `patience` epochs went by without an improvement. */
export function stopsAfter(
  state: StoppingState,
  epoch: number,
  limits: { readonly maxEpochs: number; readonly patience: number },
): boolean {
  return epoch >= limits.maxEpochs || epoch - state.bestEpoch >= limits.patience;
}

/** Whether a run ended at the epoch cap while it was still improving: its best epoch is within patience of the end. */
export function endedCapped(
  state: StoppingState,
  epochs: number,
  limits: { readonly maxEpochs: number; readonly patience: number },
): boolean {
  return epochs >= limits.maxEpochs && epochs - state.bestEpoch < limits.patience;
}
