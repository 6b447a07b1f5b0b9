/** The training recipe as a request may give it: everything optional, with the preset's or the general defaults. */
import { activations, defaultProbe, initialisations, losses, type Recipe } from "@rightsize/core";
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
const rates = z.array(rate).min(2).max(16);
const differentRates = rates.refine((values) => new Set(values).size === values.length, "rates that are all different");
const probeEpochs = z.int().min(1).max(100_000);
const fixedRate = z.strictObject({ kind: z.literal("fixed"), value: rate });
const sweptRates = z.strictObject({ kind: z.literal("sweep"), values: rates });
export const learningRateSchema = z.discriminatedUnion("kind", [
  fixedRate,
  sweptRates,
  z.strictObject({ kind: z.literal("probe"), values: differentRates, epochs: probeEpochs }),
]);

/** A request may leave to the service which rates are probed, and for how long. */
const learningRateRequestSchema = z
  .discriminatedUnion("kind", [
    fixedRate,
    sweptRates,
    z.strictObject({
      kind: z.literal("probe"),
      values: differentRates.default([...defaultProbe.values]).meta({ description: "2 to 16 different rates" }),
      epochs: probeEpochs
        .optional()
        .meta({ description: `Epochs of each rate's short run, at most maxEpochs. Left out: ${defaultProbe.epochs}, or maxEpochs` }),
    }),
  ])
  .meta({
    description:
      "One rate; or several, tried at every capacity: each in full (sweep), or each for a few epochs, after which the one that was best on validation is fitted in full with a fresh seed (probe)",
  });

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
export const recipeRequestSchema = recipeSchema.extend({ learningRate: learningRateRequestSchema }).partial();
