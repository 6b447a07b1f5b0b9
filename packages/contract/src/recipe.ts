/** The training recipe as a request may give it: everything optional, with the preset's or the general defaults. */
import { activations, initialisations, losses, type Recipe } from "@rightsize/core";
import { z } from "zod";

const momentum = z.number().min(0).lt(1);
const beta = z.number().min(0).lt(1);

export const optimizerSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sgd"), momentum: momentum.default(0), nesterov: z.boolean().default(false) }),
  z.strictObject({
    kind: z.literal("adam"),
    beta1: beta.default(0.9),
    beta2: beta.default(0.999),
    epsilon: z.number().gt(0).max(1).default(1e-8),
  }),
  z.strictObject({
    kind: z.literal("adamw"),
    beta1: beta.default(0.9),
    beta2: beta.default(0.999),
    epsilon: z.number().gt(0).max(1).default(1e-8),
    weightDecay: z.number().min(0).max(10).default(0.01),
  }),
]);

export const scheduleSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("constant") }),
  z.strictObject({ kind: z.literal("step"), everyEpochs: z.int().min(1), factor: z.number().gt(0).lt(1) }),
  z.strictObject({ kind: z.literal("cosine"), epochs: z.int().min(1), finalFraction: z.number().min(0).max(1).default(0) }),
  z.strictObject({
    kind: z.literal("reduce_on_plateau"),
    patienceEpochs: z.int().min(1),
    factor: z.number().gt(0).lt(1),
    minimumFraction: z.number().min(0).max(1).default(0.001),
  }),
]);

const rate = z.number().gt(0).max(100);
export const learningRateSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed"), value: rate }),
  z.strictObject({ kind: z.literal("sweep"), values: z.array(rate).min(2).max(16) }),
]);

export const recipeSchema = z.strictObject({
  activation: z.enum(activations),
  loss: z.enum(losses),
  optimizer: optimizerSchema,
  learningRate: learningRateSchema,
  schedule: scheduleSchema,
  batchSize: z.union([z.int().min(1).max(65_536), z.literal("auto")]),
  maxEpochs: z.int().min(1).max(100_000),
  patience: z.int().min(1).max(100_000),
  minDelta: z.number().min(0),
  l2: z.number().min(0).max(10),
  dropoutFraction: z.number().min(0).lt(1),
  gradientClipNorm: z.number().gt(0).nullable(),
  initialisation: z.enum(initialisations),
  initialScale: z.number().gt(0).max(1000),
  classWeights: z.enum(["none", "balanced"]),
}) satisfies z.ZodType<Recipe>;

/** What a request may say of the recipe; what it leaves out is the default. */
export const recipeRequestSchema = recipeSchema.partial();
