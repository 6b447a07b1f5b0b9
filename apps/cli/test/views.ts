/** Views as the API answers them, for tests: the course's table, an experiment and its decisions. */
import type { DecisionView, ExperimentView, RunView, TrialTable, TrialView } from "@rightsize/contract";
import type { NextStep } from "@rightsize/core";

export const courseRows: readonly (readonly [number, number, number, NextStep])[] = [
  [1, 100, 5.4, "INCREASE_CAPACITY"],
  [1, 250, 4.8, "INCREASE_CAPACITY"],
  [2, 250, 4.4, "INCREASE_CAPACITY"],
  [3, 250, 4.5, "DECREASE_CAPACITY"],
  [3, 200, 4.3, "DONE"],
];

export function runView(changes: Partial<RunView> = {}): RunView {
  return {
    id: "run_1",
    purpose: "fit",
    seed: 0,
    fold: 0,
    learningRate: 0.001,
    state: "COMPLETED",
    epochs: 12,
    bestEpoch: 10,
    validationLoss: 0.1,
    trainingLoss: 0.09,
    metrics: null,
    capped: false,
    trainMs: 100,
    weightsHash: null,
    reason: null,
    diagnostics: null,
    reusedFrom: null,
    standsFor: "score",
    startedAt: null,
    endedAt: null,
    ...changes,
  };
}

export function trialView(number: number, changes: Partial<TrialView> = {}): TrialView {
  const [hiddenLayers, nodesPerLayer, score, nextStep] = courseRows[number - 1] ?? [1, 1, 0, "DONE"];
  return {
    id: `tri_${number}`,
    number,
    hiddenLayers,
    nodesPerLayer,
    parameterCount: 9 * nodesPerLayer + (hiddenLayers - 1) * (nodesPerLayer + 1) * nodesPerLayer + 1,
    state: "COMPLETED",
    score,
    metrics: null,
    nextStep,
    verdict: null,
    winner: number === 5,
    runs: [runView({ id: `run_${number}` })],
    ...changes,
  };
}

export function trialTable(trials: readonly TrialView[] = [1, 2, 3, 4, 5].map((number) => trialView(number))): TrialTable {
  return { experimentId: "exp_1", state: "SUCCEEDED", metric: "Mean squared error", trials: [...trials] };
}

export function decisionView(sequence: number, changes: Partial<DecisionView> = {}): DecisionView {
  return {
    sequence,
    action: "START_TRIAL",
    reason: `Reason ${sequence}.`,
    decision: { action: "START_TRIAL", capacity: { hiddenLayers: 1, nodesPerLayer: 100 } },
    limit: null,
    hash: "0".repeat(64),
    createdAt: "2026-01-01T00:00:00.000Z",
    ...changes,
  };
}

export function experimentView(changes: Partial<ExperimentView> = {}): ExperimentView {
  return {
    id: "exp_1",
    name: "cars",
    state: "SUCCEEDED",
    stateReason: null,
    dataset: "0".repeat(64),
    target: "Miles_per_Gallon",
    task: "regression",
    preset: "course",
    engine: "onnx",
    engineFingerprint: null,
    policyVersion: "course/1",
    spec: { recipe: { maxEpochs: 20, patience: 2, loss: "auto" }, features: { logTarget: false } },
    plan: {
      inputs: 8,
      outputs: 1,
      trainingRows: 223,
      validationRows: 95,
      testRows: 80,
      folds: 1,
      leftOut: [],
      featureColumns: ["Horsepower"],
      droppedRows: 8,
      classes: [],
      targetDeviation: 8,
      warnings: [],
    },
    answer: null,
    eventCount: 0,
    createdAt: "2026-01-01T00:00:00.000Z",
    startedAt: null,
    endedAt: null,
    ...changes,
  };
}
