/** Replays early stopping with a shorter patience on a stored curve: exact, since the epochs before the stop would have been the same. */

export interface Replay {
  /** The epoch at which training would have stopped, from 1. */
  readonly stopEpoch: number;
  /** The epoch whose weights would have been kept, and its validation loss. */
  readonly bestEpoch: number;
  readonly bestLoss: number;
  /** The curve ended before patience ran out: a longer patience can't be replayed, only what was trained is known. */
  readonly ranOut: boolean;
}

export interface PatiencePoint {
  readonly epoch: number;
  readonly validationLoss: number;
}

/**
 * Stops `patience` epochs (≥ 1) after the last improvement larger than `minDelta` (≥ 0), and keeps the best epoch, as training does.
 * null for an empty curve.
 */
export function replayPatience(curve: readonly PatiencePoint[], patience: number, minDelta: number): Replay | null {
  let best: PatiencePoint | null = null;
  let waited = 0;
  for (const point of curve) {
    if (best === null || point.validationLoss < best.validationLoss - minDelta) {
      best = point;
      waited = 0;
      continue;
    }
    waited += 1;
    if (waited >= patience) return { stopEpoch: point.epoch, bestEpoch: best.epoch, bestLoss: best.validationLoss, ranOut: false };
  }
  const last = curve.at(-1);
  return best === null || last === undefined
    ? null
    : { stopEpoch: last.epoch, bestEpoch: best.epoch, bestLoss: best.validationLoss, ranOut: true };
}

export interface TrialReplay {
  readonly trialId: string;
  readonly label: string;
  readonly trained: Replay;
  readonly replayed: Replay;
}

export interface PatienceStory {
  readonly trials: readonly TrialReplay[];
  readonly trainedEpochs: number;
  readonly replayedEpochs: number;
  /** Labels of the trials with the lowest loss, as trained and as replayed. */
  readonly trainedBest: string;
  readonly replayedBest: string;
}

/** All trials under one shorter patience; null where there is no curve. */
export function replayTrials(
  trials: readonly { readonly trialId: string; readonly label: string; readonly points: readonly PatiencePoint[] }[],
  patience: number,
  trainedPatience: number,
  minDelta: number,
): PatienceStory | null {
  const replays = trials.flatMap(({ trialId, label, points }): TrialReplay[] => {
    const trained = replayPatience(points, trainedPatience, minDelta);
    const replayed = replayPatience(points, patience, minDelta);
    return trained === null || replayed === null ? [] : [{ trialId, label, trained, replayed }];
  });
  const best = (which: "trained" | "replayed") =>
    replays.reduce<TrialReplay | null>(
      (least, trial) => (least === null || trial[which].bestLoss < least[which].bestLoss ? trial : least),
      null,
    )?.label;
  const trainedBest = best("trained");
  const replayedBest = best("replayed");
  if (trainedBest === undefined || replayedBest === undefined) return null;
  return {
    trials: replays,
    trainedEpochs: replays.reduce((sum, trial) => sum + trial.trained.stopEpoch, 0),
    replayedEpochs: replays.reduce((sum, trial) => sum + trial.replayed.stopEpoch, 0),
    trainedBest,
    replayedBest,
  };
}
