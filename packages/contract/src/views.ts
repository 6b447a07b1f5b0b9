/** What the API answers: records as people and programs see them. */
import {
  attemptEnds,
  columnTypes,
  eventKinds,
  experimentStates,
  nextSteps,
  runPurposes,
  runStates,
  searchVerdicts,
  tasks,
  trialStates,
} from "@rightsize/core";
import { z } from "zod";
import { capacitySchema } from "./experiment-request.ts";
import { isoTimeSchema, pageOf } from "./primitives.ts";

export const metricsSchema = z.object({
  meanSquaredError: z.number().optional(),
  rootMeanSquaredError: z.number().optional(),
  meanAbsoluteError: z.number().optional(),
  r2: z.number().optional(),
  accuracy: z.number().optional(),
  logLoss: z.number().optional(),
  macroF1: z.number().optional(),
  auc: z.number().optional(),
});
export const scoresSchema = z.object({ loss: z.number(), metrics: metricsSchema });

export const columnProfileSchema = z.object({
  name: z.string(),
  type: z.enum(columnTypes),
  gapCount: z.int(),
  distinctCount: z.int(),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  mean: z.number().nullable(),
  deviation: z.number().nullable(),
  histogram: z.array(z.int()),
  examples: z.array(z.string()),
  warnings: z.array(z.string()),
});

export const datasetViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  format: z.string(),
  sizeBytes: z.int(),
  rowCount: z.int(),
  columns: z.array(columnProfileSchema),
  warnings: z.array(z.string()),
  suggestedTarget: z.string().nullable(),
  suggestedTask: z.enum(tasks).nullable(),
  createdAt: isoTimeSchema,
});
export const datasetPageSchema = pageOf(datasetViewSchema);

export const answerSchema = z.object({
  trial: z.int().nullable(),
  capacity: capacitySchema.nullable(),
  validation: scoresSchema.nullable(),
  test: scoresSchema.nullable(),
  delivered: z.object({
    kind: z.enum(["single", "mean_of_best"]),
    members: z.array(z.object({ trial: z.int(), capacity: capacitySchema, seed: z.number(), fold: z.int(), validationLoss: z.number() })),
  }),
  single: z.object({ validation: scoresSchema, test: scoresSchema.nullable() }).nullable(),
  baselines: z.array(z.object({ name: z.enum(["mean", "linear"]), validation: scoresSchema, test: scoresSchema.nullable() })),
  beatsMean: z.boolean(),
  modelArtifact: z.string().nullable(),
  evaluationArtifact: z.string().nullable().optional().meta({
    description: "SHA-256 of what /evaluation gives; null where there is none (nothing could be trained, or answered before it was kept)",
  }),
  sentence: z.string(),
  verdict: z.enum(searchVerdicts).optional().meta({
    description:
      "How the search ended; `limit`: a limit of the experiment cut it short, and the answer is the best so far. Absent in old answers",
  }),
});

/** What follows from a question and its data. */
export const experimentPlanSchema = z.object({
  inputs: z.int(),
  outputs: z.int(),
  trainingRows: z.int(),
  validationRows: z.int(),
  testRows: z.int(),
  folds: z.int(),
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
  featureColumns: z.array(z.string()),
  droppedRows: z.int(),
  classes: z.array(z.string()),
  targetDeviation: z.number(),
  warnings: z
    .array(z.string())
    .meta({ description: "What should be known before the scores are believed, for example rows that train and validate at once" }),
});

/** `spec` and `plan` are shown as stored. */
/** What idle workers trained before a decision asked for it: it changes when an experiment ends and nothing else of it. */
export const speculationViewSchema = z.object({
  adoptedRuns: z.int().describe("Runs begun early that a decision then asked for: they stand in the table like any others"),
  unusedRuns: z.int().describe("Runs begun early that no decision has asked for; until the experiment ends one still may"),
  adoptedMs: z.number().describe("Time of slots that went into adopted runs before they were asked for, in milliseconds: saved"),
  unusedMs: z.number().describe("Time of slots that went into unused runs, in milliseconds: wasted, once the experiment has ended"),
});
export type SpeculationView = z.infer<typeof speculationViewSchema>;

export const experimentViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(experimentStates),
  stateReason: z.string().nullable(),
  dataset: z.string(),
  target: z.string(),
  task: z.enum(tasks),
  preset: z.string(),
  engine: z.string(),
  engineFingerprint: z.string().nullable(),
  policyVersion: z.string(),
  spec: z.record(z.string(), z.unknown()),
  plan: experimentPlanSchema,
  answer: answerSchema.nullable(),
  /** Of an experiment asked for by itself; absent in lists. */
  speculation: speculationViewSchema.optional(),
  learningCurve: z
    .boolean()
    .optional()
    .meta({ description: "Whether its learning curve was asked for, so that /learning-curve has one. Absent in lists" }),
  eventCount: z.int(),
  createdAt: isoTimeSchema,
  startedAt: isoTimeSchema.nullable(),
  endedAt: isoTimeSchema.nullable(),
});

const sizeSchema = z.object({ number: z.int(), hiddenLayers: z.int(), nodesPerLayer: z.int() });
/** An experiment's table in a line. Scores are those that the table shows, in the target's own unit, in trial order. */
export const experimentSummarySchema = z.object({
  trials: z.int(),
  scores: z.array(z.number()).meta({ description: "Of the trials that have one; of more than 100 every so many" }),
  best: sizeSchema.extend({ score: z.number() }).nullable().meta({ description: "The winner, or the best so far" }),
  current: sizeSchema
    .extend({ runs: z.int(), endedRuns: z.int() })
    .nullable()
    .meta({ description: "The first trial that goes on or waits; null where none does" }),
});
export const experimentItemSchema = experimentViewSchema.extend({ summary: experimentSummarySchema });
export const experimentPageSchema = pageOf(experimentItemSchema);

export const runViewSchema = z.object({
  id: z.string(),
  purpose: z.enum(runPurposes),
  seed: z.number(),
  fold: z.int(),
  learningRate: z.number(),
  maxEpochs: z
    .int()
    .optional()
    .meta({ description: "Epochs after which this run is cut short (a probe of a learning rate); absent for all that aren't" }),
  state: z.enum(runStates),
  epochs: z.int(),
  bestEpoch: z.int().nullable(),
  validationLoss: z.number().nullable(),
  trainingLoss: z.number().nullable(),
  metrics: metricsSchema.nullable(),
  capped: z.boolean(),
  trainMs: z.number().nullable(),
  weightsHash: z.string().nullable(),
  reason: z.string().nullable(),
  diagnostics: z.unknown(),
  reusedFrom: z.string().nullable(),
  standsFor: z
    .enum(["score", "finals"])
    .nullable()
    .meta({
      description:
        "What of its trial this run stands for: `score`, which is the mean of all such runs; `finals`, a second mean over those and these; null: " +
        "for nothing (another learning rate is better, the recipe was changed since, it has no score, or no decision followed it yet)",
    }),
  startedAt: isoTimeSchema.nullable(),
  endedAt: isoTimeSchema.nullable(),
});

export const trialViewSchema = z.object({
  id: z.string(),
  number: z.int(),
  hiddenLayers: z.int(),
  nodesPerLayer: z.int(),
  parameterCount: z.int(),
  state: z.enum(trialStates),
  score: z.number().nullable(),
  metrics: metricsSchema.nullable(),
  nextStep: z.enum(nextSteps).nullable(),
  verdict: z.string().nullable(),
  winner: z.boolean(),
  runs: z.array(runViewSchema),
});
/** `metric` names the score column, for example `Mean squared error`. */
export const trialTableSchema = z.object({
  experimentId: z.string(),
  state: z.enum(experimentStates),
  metric: z.string(),
  trials: z.array(trialViewSchema),
});

export const decisionViewSchema = z.object({
  sequence: z.int(),
  action: z.enum(["START_TRIAL", "ADD_RUNS", "CHANGE_RECIPE", "FINISH"]),
  reason: z.string(),
  decision: z.record(z.string(), z.unknown()).meta({ description: "The whole decision, with its evidence, as decided" }),
  limit: z
    .object({ kind: z.enum(["trials", "parameters", "cpu", "wall_time"]), limit: z.number() })
    .nullable()
    .meta({
      description:
        "The limit of the experiment that was reached and forced this decision (trials, parameters, seconds); null for nearly all",
    }),
  hash: z.string(),
  createdAt: isoTimeSchema,
});
export const decisionListSchema = z.object({ experimentId: z.string(), decisions: z.array(decisionViewSchema) });

/** One hidden layer over a sample of training rows; fractions are 0–1. */
export const layerDiagnosticsSchema = z.object({
  deadFraction: z.number().meta({ description: "Units that give the same output for every sampled row" }),
  gradientNorm: z.number(),
  updateRatio: z.number().meta({ description: "Norm of the epoch's last update over the norm of the weights" }),
  saturatedFraction: z.number().meta({ description: "tanh, sigmoid: activations within 2 % of a bound; 0 for the others" }),
});
/**
 * `metrics` (of the validation rows) are absent for epochs at which they were not computed, and so are `diagnostics` (each hidden layer
 * from the input on): those come at epochs that lie further and further apart. The best epoch's are in the run's own `diagnostics`.
 */
export const epochViewSchema = z.object({
  epoch: z.int(),
  trainingLoss: z.number(),
  validationLoss: z.number(),
  learningRate: z.number(),
  metrics: metricsSchema.optional(),
  diagnostics: z.array(layerDiagnosticsSchema).optional(),
});
export const epochListSchema = z.object({
  trialId: z.string(),
  runs: z.array(
    z.object({ runId: z.string(), seed: z.number(), fold: z.int(), learningRate: z.number(), epochs: z.array(epochViewSchema) }),
  ),
});

export const attemptViewSchema = z.object({
  assignmentId: z.string(),
  number: z.int(),
  workerId: z.string(),
  startedAt: isoTimeSchema,
  endedAt: isoTimeSchema.nullable(),
  end: z.enum(attemptEnds).nullable(),
  detail: z.string().nullable(),
});

/** An attempt of an experiment: who made it, at which size, and whether anybody had asked for it. */
export const placedAttemptSchema = attemptViewSchema.extend({
  machine: z.string().nullable().meta({ description: "null where the worker is known no more" }),
  device: z.string().nullable(),
  trial: z.int().nullable().meta({ description: "Row of the table that its runs stand in; null where no decision has asked for them" }),
  capacity: capacitySchema.nullable(),
  runIds: z
    .array(z.string())
    .meta({ description: "Runs of the table that it trained, wholly or partly; empty where no decision has asked for any" }),
  asked: z.enum(["before", "after", "never"]).meta({
    description:
      "When a decision asked for its work: before it began, after (an idle worker began early), or never; until the end one still may",
  }),
});
export const attemptListSchema = z.object({ experimentId: z.string(), attempts: z.array(placedAttemptSchema) });

/** One trial by itself, with every attempt at its runs: wasted ones, and those that began before a decision asked for it. */
export const trialDetailSchema = trialViewSchema.extend({
  number: z.int().nullable(),
  experimentId: z.string(),
  speculative: z.boolean(),
  attempts: z.array(attemptViewSchema),
});

export const artifactViewSchema = z.object({ id: z.string(), sizeBytes: z.int() });

/** What /health/ready says: every part that the service needs, and what is wrong with it. */
export const readinessSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

export const workerViewSchema = z.object({
  id: z.string(),
  machine: z.string(),
  processId: z.int(),
  slots: z.int(),
  engines: z.array(z.string()),
  fingerprint: z.string(),
  device: z.string(),
  memoryBytes: z.number(),
  startedAt: isoTimeSchema,
  lastSeenAt: isoTimeSchema,
  live: z.boolean(),
  running: z.array(z.string()),
  doing: z
    .array(z.object({ experimentId: z.string(), name: z.string(), capacity: capacitySchema }))
    .optional()
    .meta({ description: "What those assignments are about, in the same order; left out where the service has several owners" }),
  recent: z
    .object({
      minutes: z.number(),
      runs: z.int().meta({ description: "Trainings that it ended in the last minutes" }),
      epochs: z.int(),
      epochsPerSecond: z.number().nullable().meta({ description: "Of one slot while it trains; null without any" }),
      workPerSecond: z
        .number()
        .nullable()
        .meta({ description: "The same in parameters × training rows × epochs, which compares unlike networks" }),
    })
    .optional(),
});
export const workerListSchema = z.object({ workers: z.array(workerViewSchema) });

/** SSE `data` of a numbered event; the message's `event` is its kind and its `id` the sequence number. */
export const eventViewSchema = z.object({
  experimentId: z.string(),
  sequence: z.int(),
  kind: z.enum(eventKinds),
  data: z.record(z.string(), z.unknown()),
  createdAt: isoTimeSchema,
});
/** SSE `data` of an `epochs` message (it has no id; after a reconnect a running run's epochs come again from the first). */
export const epochsMessageSchema = z.object({ runId: z.string(), trialId: z.string(), epochs: z.array(epochViewSchema) });

export type Metrics = z.infer<typeof metricsSchema>;
export type DatasetView = z.infer<typeof datasetViewSchema>;
export type ExperimentView = z.infer<typeof experimentViewSchema>;
export type AnswerView = z.infer<typeof answerSchema>;
export type ExperimentSummary = z.infer<typeof experimentSummarySchema>;
export type ExperimentItem = z.infer<typeof experimentItemSchema>;
export type ExperimentPage = z.infer<typeof experimentPageSchema>;
export type RunView = z.infer<typeof runViewSchema>;
export type TrialView = z.infer<typeof trialViewSchema>;
export type TrialTable = z.infer<typeof trialTableSchema>;
export type TrialDetail = z.infer<typeof trialDetailSchema>;
export type Readiness = z.infer<typeof readinessSchema>;
export type DecisionView = z.infer<typeof decisionViewSchema>;
export type DecisionList = z.infer<typeof decisionListSchema>;
export type EpochList = z.infer<typeof epochListSchema>;
export type AttemptList = z.infer<typeof attemptListSchema>;
export type PlacedAttempt = z.infer<typeof placedAttemptSchema>;
export type AttemptView = z.infer<typeof attemptViewSchema>;
export type WorkerView = z.infer<typeof workerViewSchema>;
export type EventView = z.infer<typeof eventViewSchema>;
export type EpochsMessage = z.infer<typeof epochsMessageSchema>;
