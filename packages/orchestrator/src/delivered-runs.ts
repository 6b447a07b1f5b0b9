/** Which trained runs make the delivered model: the winner's best alone, or the best few of all that stand. */
import type { ExperimentSnapshot, History, Run, TrainedMember, Trial } from "@rightsize/core";
import { policyHistory, runsThatStand } from "./history.ts";

/** A run further behind the best of its fold than this is left out: a mean with it was measured to be worse (losses, as a ratio). */
const furthestBehind = 1.5;

/** The winner's best run first; empty when nothing could be trained. Needs every run but `finalise` to have ended. */
export function deliveredRuns(snapshot: ExperimentSnapshot): readonly TrainedMember[] {
  const { delivery } = snapshot.experiment.spec;
  const winner = snapshot.trials.find((trial) => trial.winner);
  if (winner === undefined) return [];
  const history = policyHistory(snapshot);
  const best = [...standingMembers(snapshot, history, winner)].sort(byLoss)[0];
  if (best === undefined) return [];
  if (delivery.kind === "single") return [best];
  const ranked = rankWithinFolds(snapshot.trials.flatMap((trial) => standingMembers(snapshot, history, trial)));
  return [best, ...ranked.filter((member) => !sameRun(member, best))].slice(0, delivery.runs);
}

/** Losses of different folds can't be compared, so each run is held against the best run of its own fold; equal ranks in the order of folds. */
function rankWithinFolds(members: readonly TrainedMember[]): readonly TrainedMember[] {
  const bestOfFold = new Map<number, number>();
  for (const { fold, validationLoss } of members) bestOfFold.set(fold, Math.min(bestOfFold.get(fold) ?? validationLoss, validationLoss));
  const behind = ({ fold, validationLoss }: TrainedMember) => validationLoss / (bestOfFold.get(fold) ?? validationLoss);
  return members
    .filter((member) => behind(member) <= furthestBehind)
    .sort((a, b) => behind(a) - behind(b) || a.fold - b.fold || byLoss(a, b));
}

function sameRun(a: TrainedMember, b: TrainedMember): boolean {
  return a.trial === b.trial && a.seed === b.seed && a.fold === b.fold;
}

function standingMembers(snapshot: ExperimentSnapshot, history: History, trial: Trial): readonly TrainedMember[] {
  if (trial.number === null) return [];
  return runsThatStand(snapshot, history, trial.number).flatMap((run) => memberOf(trial, run));
}

function memberOf(trial: Trial, run: Run): readonly TrainedMember[] {
  const { result } = run;
  if (trial.number === null || result === null || result.weightsArtifact === null || result.validationLoss === null) return [];
  return [
    {
      trial: trial.number,
      capacity: trial.capacity,
      seed: run.seed,
      fold: run.fold,
      validationLoss: result.validationLoss,
      weightsArtifact: result.weightsArtifact,
      result,
    },
  ];
}

/** Best validation loss first; equal ones in the order of trial, fold and seed, so that the model is the same everywhere. */
function byLoss(a: TrainedMember, b: TrainedMember): number {
  return a.validationLoss - b.validationLoss || a.trial - b.trial || a.fold - b.fold || a.seed - b.seed;
}
