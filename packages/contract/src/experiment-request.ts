/** POST /v1/experiments: the question. Only dataset and target are needed. */
import { engineNames, tasks } from "@rightsize/core";
import { z } from "zod";
import { fractionSchema, seedSchema, sha256Schema } from "./primitives.ts";
import { recipeRequestSchema } from "./recipe.ts";

const testFraction = z.number().min(0).lt(1).default(0.2);
const rowNumbers = z.array(z.int().min(0)).max(10_000_000);

export const splitRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("random"),
    validationFraction: fractionSchema.default(0.3),
    testFraction,
    seed: seedSchema.default(0),
    stratify: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("rows"), training: rowNumbers.min(1), validation: rowNumbers.min(1), test: rowNumbers.default([]) }),
  z.strictObject({
    kind: z.literal("folds"),
    folds: z.int().min(2).max(50).default(5),
    testFraction,
    seed: seedSchema.default(0),
    stratify: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal("group"),
    column: z.string().min(1),
    validationFraction: fractionSchema.default(0.3),
    testFraction,
    seed: seedSchema.default(0),
  }),
  z.strictObject({ kind: z.literal("time"), column: z.string().min(1), validationFraction: fractionSchema.default(0.3), testFraction }),
]);

export const featuresRequestSchema = z.strictObject({
  include: z.array(z.string().min(1)).min(1).nullable().default(null),
  exclude: z.array(z.string().min(1)).default([]),
  scale: z.enum(["standard", "robust", "none"]).default("standard"),
  maxCategories: z.int().min(2).max(1000).default(32),
  logTarget: z.boolean().default(false),
});

export const capacitySchema = z.object({ hiddenLayers: z.int().min(0).max(8), nodesPerLayer: z.int().min(0).max(65_536) });

const scriptedRunSchema = z.strictObject({
  capacity: capacitySchema,
  seed: seedSchema.nullable().default(null),
  score: z.number(),
  epochs: z.int().min(1).max(10_000).optional(),
  epochMs: z.number().min(0).max(600_000).optional(),
  fails: z.enum(["diverges", "crashes"]).optional(),
});
export const scriptSchema = z.strictObject({
  runs: z.array(scriptedRunSchema).max(10_000),
  otherwise: z.strictObject({ score: z.number(), epochs: z.int().min(1).max(10_000), epochMs: z.number().min(0).max(600_000) }),
});

export const engineRequestSchema = z.strictObject({ name: z.enum(engineNames).default("onnx"), script: scriptSchema.optional() });

export const limitsRequestSchema = z.strictObject({
  maxTrials: z.int().min(1).max(10_000).nullable().default(null),
  maxParameterCount: z.int().min(1).nullable().default(null),
  cpuSeconds: z
    .number()
    .gt(0)
    .max(1e9)
    .nullable()
    .default(null)
    .meta({ description: "Training time of all runs together; runs under way then are stopped, and have no score" }),
  wallSeconds: z
    .number()
    .gt(0)
    .max(1e9)
    .nullable()
    .default(null)
    .meta({ description: "Time since the first run was taken up, pauses included; runs under way then are stopped, and have no score" }),
});

export const deliveryRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("single") }),
  z.strictObject({ kind: z.literal("mean_of_best"), runs: z.int().min(2).max(50).default(5) }),
]);

export const experimentRequestSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  dataset: sha256Schema,
  target: z.string().min(1).max(1000),
  task: z.enum(tasks).optional().meta({ description: "Left out: what the target's column suggests" }),
  features: featuresRequestSchema.prefault({}),
  split: splitRequestSchema
    .optional()
    .meta({ description: "Left out: 20 % test; of the rest 30 % validate, or five folds where preset default has fewer than 1,000 rows" }),
  search: z.strictObject({ preset: z.string().min(1).max(50), parameters: z.record(z.string(), z.unknown()).default({}) }).optional(),
  recipe: recipeRequestSchema.prefault({}),
  engine: engineRequestSchema.prefault({}),
  limits: limitsRequestSchema.prefault({}),
  delivery: deliveryRequestSchema
    .optional()
    .meta({ description: "Left out: the mean of the best five runs; with preset course the best run alone" }),
  seed: seedSchema.default(0),
});
/** What a client sends. */
export type ExperimentRequest = z.input<typeof experimentRequestSchema>;
/** What the API works with, defaults filled in. */
export type ParsedExperimentRequest = z.output<typeof experimentRequestSchema>;
