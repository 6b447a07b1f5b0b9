/** Small valid specs, plans and datasets for tests; every member can be overridden. */
import {
  type Answer,
  courseRecipe,
  type Dataset,
  defaultFeatures,
  type ExperimentPlan,
  type ExperimentSpec,
  localOwner,
  type ScriptedRun,
  type Sha256,
} from "@rightsize/core";

export const hashOf = (digit: string) => digit.repeat(64).slice(0, 64) as Sha256;

/** The course's five scores: the table in the README. */
export const courseScores: readonly ScriptedRun[] = [
  { capacity: { hiddenLayers: 1, nodesPerLayer: 100 }, seed: null, score: 5.4 },
  { capacity: { hiddenLayers: 1, nodesPerLayer: 250 }, seed: null, score: 4.8 },
  { capacity: { hiddenLayers: 2, nodesPerLayer: 250 }, seed: null, score: 4.4 },
  { capacity: { hiddenLayers: 3, nodesPerLayer: 250 }, seed: null, score: 4.5 },
  { capacity: { hiddenLayers: 3, nodesPerLayer: 200 }, seed: null, score: 4.3 },
];

/** The course's table as rows `layers × nodes score next step`. */
export const courseTable = [
  "1×100 5.4 INCREASE_CAPACITY",
  "1×250 4.8 INCREASE_CAPACITY",
  "2×250 4.4 INCREASE_CAPACITY",
  "3×250 4.5 DECREASE_CAPACITY",
  "3×200 4.3 DONE",
];

export function exampleSpec(overrides: Partial<ExperimentSpec> = {}): ExperimentSpec {
  return {
    name: "example",
    dataset: hashOf("d"),
    target: "y",
    task: "regression",
    features: defaultFeatures,
    split: { kind: "random", validationFraction: 0.3, testFraction: 0.2, seed: 0, stratify: false },
    search: {
      preset: "course",
      parameters: {},
    },
    recipe: courseRecipe,
    engine: { name: "scripted", script: { runs: courseScores, otherwise: { score: 6, epochs: 2, epochMs: 0 } } },
    limits: { maxTrials: null, maxParameterCount: null },
    delivery: { kind: "single" },
    seed: 0,
    ...overrides,
  };
}

export function examplePlan(overrides: Partial<ExperimentPlan> = {}): ExperimentPlan {
  return {
    artifact: hashOf("a"),
    inputs: 8,
    outputs: 1,
    trainingRows: 560,
    validationRows: 240,
    testRows: 200,
    folds: 1,
    meanPredictorLoss: [1],
    leftOut: [],
    featureColumns: ["x"],
    droppedRows: 0,
    classes: [],
    targetDeviation: 1,
    warnings: [],
    ...overrides,
  };
}

export function exampleDataset(overrides: Partial<Dataset> = {}): Omit<Dataset, "createdAt"> {
  return {
    id: hashOf("d"),
    owner: localOwner,
    name: "example.csv",
    format: "csv",
    sizeBytes: 100,
    rowCount: 1000,
    columns: [],
    warnings: [],
    suggestedTarget: "y",
    suggestedTask: "regression",
    columnsArtifact: hashOf("c"),
    ...overrides,
  };
}

export function exampleAnswer(overrides: Partial<Answer> = {}): Answer {
  return {
    trial: 1,
    capacity: { hiddenLayers: 1, nodesPerLayer: 100 },
    validation: { loss: 0.5, metrics: {} },
    test: null,
    delivered: { kind: "single", members: [] },
    single: null,
    baselines: [],
    beatsMean: true,
    modelArtifact: null,
    sentence: "One hidden layer of 100 nodes.",
    ...overrides,
  };
}
