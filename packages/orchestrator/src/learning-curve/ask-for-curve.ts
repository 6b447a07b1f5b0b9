/** The experiment that trains another one's learning curve: the winner's capacity, recipe, rate and seeds on parts of its training rows. */
import {
  type ExperimentPlan,
  type ExperimentSnapshot,
  type ExperimentSpec,
  type Recipe,
  RightsizeError,
  type Sha256,
  type Trial,
} from "@rightsize/core";
import type { CurvePlan, CurvePlanRequest } from "@rightsize/data";
import { type RowsParameters, summariseTrial } from "@rightsize/policy";
import { policyHistory } from "../history.ts";

/** Parts of the training rows; the whole first, since a finalise run looks at the first fold. */
const fractions = [1, 1 / 2, 1 / 4, 1 / 8] as const;
/** No part has fewer training rows. */
const leastRows = 16;
/** Runs of each part: as many as stand for the winner, within these. */
const runsOfPart = { fewest: 3, most: 5 } as const;

/** What a curve needs of its experiment. */
export interface CurveQuestion {
  readonly winner: Trial;
  readonly learningRate: number;
  /** Seeds and folds of each part's runs: the winner's own first, so that the whole part needs no training. */
  readonly replicates: readonly { readonly seed: number; readonly fold: number }[];
  readonly request: CurvePlanRequest;
}

/** Throws `conflict` unless the experiment has SUCCEEDED with a winner, and for a learning curve itself. */
export function curveQuestion(snapshot: ExperimentSnapshot): CurveQuestion {
  const { experiment } = snapshot;
  const refuse = (what: string, received: string, required: string) =>
    new RightsizeError("conflict", what, { issues: [{ where: "the experiment", received, required }] });
  if (experiment.spec.learningCurveOf !== undefined)
    throw refuse("A learning curve has no learning curve.", "a learning curve", "the experiment that it is of");
  if (experiment.state !== "SUCCEEDED")
    throw refuse(
      `The experiment is ${experiment.state}: its learning curve can't be trained.`,
      experiment.state,
      "SUCCEEDED: only an answer has a learning curve",
    );
  const winner = snapshot.trials.find((trial) => trial.winner);
  if (winner?.number == null) throw refuse("The experiment found no network that could be trained.", "no winner", "a winner");
  const { learningRate, all } = summariseTrial(policyHistory(snapshot), winner.number);
  if (learningRate === null) throw refuse("The experiment's winner has no score.", "no score", "a score");
  const standing = all.map(({ outcome: { seed, fold } }) => ({ seed, fold })).slice(0, runsOfPart.most);
  const replicates = [...standing];
  for (let replicate = 0; replicates.length < runsOfPart.fewest; replicate++) {
    const fresh = { seed: seedOf(experiment.spec.seed, replicate), fold: replicate % experiment.plan.folds };
    if (!replicates.some(({ seed }) => seed === fresh.seed)) replicates.push(fresh);
  }
  const folds = [...new Set(replicates.map(({ fold }) => fold))];
  return { winner, learningRate, replicates, request: { folds, fractions, leastRows, seed: experiment.spec.seed } };
}

/** Seeds wrap at the largest whole number, as a policy's do. */
function seedOf(seed: number, replicate: number): number {
  const most = Number.MAX_SAFE_INTEGER;
  return seed > most - replicate ? seed - most + replicate : seed + replicate;
}

/** The curve's experiment, given the plan of its parts (`artifact` is the new plan's bytes). */
export function curveExperiment(
  { experiment }: ExperimentSnapshot,
  question: CurveQuestion,
  { parts }: CurvePlan,
  artifact: Sha256,
): { readonly spec: ExperimentSpec; readonly plan: ExperimentPlan } {
  const { spec, plan } = experiment;
  const { winner, learningRate, replicates } = question;
  const present = [...new Set(parts.map(({ fraction }) => fraction))];
  const parameters: RowsParameters = {
    capacity: { ...winner.capacity },
    parts: present.map((fraction) => ({
      fraction,
      rows: parts.find((part) => part.fraction === fraction)?.trainingRows ?? 0,
      runs: replicates.map(({ seed, fold }) => ({
        seed,
        fold: parts.findIndex((part) => part.fraction === fraction && part.fold === fold),
        of: fold,
      })),
    })),
  };
  const recipe: Recipe = { ...winner.recipe, learningRate: { kind: "fixed", value: learningRate } };
  return {
    spec: {
      ...spec,
      name: `Learning curve: ${spec.name}`.slice(0, 200),
      search: { preset: "rows", parameters: { ...parameters } },
      recipe,
      limits: { maxTrials: null, maxParameterCount: null },
      delivery: { kind: "single" },
      learningCurveOf: experiment.id,
    },
    plan: {
      ...plan,
      artifact,
      trainingRows: parts[0]?.trainingRows ?? plan.trainingRows,
      testRows: 0,
      folds: parts.length,
      sameAs: parts.map(({ fold, fraction }) => (fraction === 1 ? { plan: plan.artifact, fold } : null)),
      meanPredictorLoss: parts.map(({ fold }) => plan.meanPredictorLoss[fold] ?? 1),
    },
  };
}
