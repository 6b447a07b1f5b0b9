/** Trials, runs and decisions as the API shows them. */
import type { AttemptView, DecisionView, RunView, TrialDetail, TrialTable, TrialView } from "@rightsize/contract";
import type { Attempt, Experiment, ExperimentSnapshot, Run, RunId, StoredDecision, Trial } from "@rightsize/core";
import { type Standing, standings } from "@rightsize/orchestrator";
import { grouped } from "./grouped.ts";

/** The words for the score that a table shows. */
export function metricName(experiment: Experiment): "Mean squared error" | "Log loss" {
  return experiment.spec.task === "regression" ? "Mean squared error" : "Log loss";
}

/** A trial that a decision asked for: it has a number. */
export type NumberedTrial = Trial & { readonly number: number };

/** The table's rows in order. Trials that no decision asked for (yet) are no rows. */
export function numberedTrials(trials: readonly Trial[]): readonly NumberedTrial[] {
  return trials.filter((trial): trial is NumberedTrial => trial.number !== null).toSorted((a, b) => a.number - b.number);
}

export function trialTable(snapshot: ExperimentSnapshot): TrialTable {
  const runsOf = grouped(snapshot.runs, ({ trialId }) => trialId);
  const standing = standings(snapshot);
  return {
    experimentId: snapshot.experiment.id,
    state: snapshot.experiment.state,
    metric: metricName(snapshot.experiment),
    trials: numberedTrials(snapshot.trials).map((trial) => trialView(trial, runsOf.get(trial.id) ?? [], standing)),
  };
}

function trialView(trial: NumberedTrial, runs: readonly Run[], standing: ReadonlyMap<RunId, Standing>): TrialView {
  return {
    id: trial.id,
    number: trial.number,
    hiddenLayers: trial.capacity.hiddenLayers,
    nodesPerLayer: trial.capacity.nodesPerLayer,
    parameterCount: trial.parameterCount,
    state: trial.state,
    score: trial.score,
    metrics: trial.metrics,
    nextStep: trial.nextStep,
    verdict: trial.verdict,
    winner: trial.winner,
    runs: runs.map((run) => runView(run, standing.get(run.id) ?? null)),
  };
}

function runView(run: Run, standsFor: Standing | null): RunView {
  const { result } = run;
  return {
    id: run.id,
    purpose: run.purpose,
    seed: run.seed,
    fold: run.fold,
    learningRate: run.learningRate,
    ...(run.maxEpochs === undefined ? {} : { maxEpochs: run.maxEpochs }),
    state: run.state,
    epochs: result?.epochs ?? run.epochs,
    bestEpoch: result?.bestEpoch ?? null,
    validationLoss: result?.validationLoss ?? null,
    trainingLoss: result?.trainingLoss ?? null,
    metrics: result?.metrics ?? null,
    capped: result?.capped ?? false,
    trainMs: result?.trainMs ?? null,
    weightsHash: result?.weightsArtifact ?? null,
    reason: result?.reason ?? null,
    diagnostics: result?.diagnostics ?? null,
    reusedFrom: run.reusedFrom,
    standsFor,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
  };
}

export function decisionView(stored: StoredDecision): DecisionView {
  return {
    sequence: stored.sequence,
    action: stored.decision.action,
    reason: stored.decision.reason,
    decision: { ...stored.decision },
    limit: stored.limit,
    hash: stored.hash,
    createdAt: stored.createdAt,
  };
}

export function attemptView(attempt: Attempt): AttemptView {
  return { ...attempt };
}

/** A trial by itself, also one that no decision asked for yet (its number is null); attempts are added by the route. */
export function trialDetail(trial: Trial, runs: readonly Run[], standing: ReadonlyMap<RunId, Standing>): Omit<TrialDetail, "attempts"> {
  return {
    ...trialView({ ...trial, number: trial.number ?? 0 }, runs, standing),
    number: trial.number,
    experimentId: trial.experimentId,
    speculative: trial.speculative,
  };
}
