/** Which trained runs make the delivered model: the winner's best alone, or the best few of all that stand. */
import type { ExperimentSnapshot, Run, TrainedMember, Trial } from "@rightsize/core";
import { standingRuns } from "@rightsize/policy";
import { policyHistory, runAt } from "./history.ts";

/** The winner's best run first; empty when nothing could be trained. Needs every run but `finalise` to have ended. */
export function deliveredRuns(snapshot: ExperimentSnapshot): readonly TrainedMember[] {
  const { delivery } = snapshot.experiment.spec;
  const winner = snapshot.trials.find((trial) => trial.winner);
  if (winner === undefined) return [];
  const own = [...standingMembers(snapshot, winner)].sort(byLoss);
  const best = own[0];
  if (best === undefined || delivery.kind === "single") return own.slice(0, 1);
  const others =
    snapshot.experiment.plan.folds > 1
      ? bestOfEachFold(own)
      : snapshot.trials.flatMap((trial) => standingMembers(snapshot, trial)).sort(byLoss);
  return [best, ...others.filter(({ weightsArtifact }) => weightsArtifact !== best.weightsArtifact)].slice(0, delivery.runs);
}

/** Losses of different folds can't be ranked, so each fold gives its best run before any gives a second. */
function bestOfEachFold(sorted: readonly TrainedMember[]): readonly TrainedMember[] {
  const seen = new Map<number, number>();
  const ranked = sorted.map((member) => {
    const rank = seen.get(member.fold) ?? 0;
    seen.set(member.fold, rank + 1);
    return { member, rank };
  });
  return ranked.sort((a, b) => a.rank - b.rank || a.member.fold - b.member.fold).map(({ member }) => member);
}

function standingMembers(snapshot: ExperimentSnapshot, trial: Trial): readonly TrainedMember[] {
  if (trial.number === null) return [];
  return standingRuns(policyHistory(snapshot), trial.number).flatMap(({ entry, position }) => {
    const run = runAt(snapshot, entry, position);
    return run === undefined ? [] : memberOf(trial, run);
  });
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
