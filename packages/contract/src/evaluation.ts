/** GET /v1/experiments/:id/evaluation: how the delivered model predicts rows that none of the networks asked for them was trained on. */
import { z } from "zod";
import { capacitySchema } from "./experiment-request.ts";
import { metricsSchema } from "./views.ts";

/** Of the stored form. */
export const evaluationFormat = "rightsize-evaluation/1";
/** Most pairs, worst rows and mistakes that are kept, and most numbers of a mistake's picture (height × width × channels). */
export const evaluationLimits = { pairs: 2000, worst: 20, mistakes: 60, pixels: 16_384 } as const;

const row = z.int().min(0).meta({ description: "Row of the dataset, counted from 0 without the header" });

const common = {
  format: z.literal(evaluationFormat),
  target: z.string(),
  rows: z.object({
    part: z.enum(["validation", "out_of_fold"]).meta({
      description:
        "validation: the validation rows, predicted by the delivered model. out_of_fold: where folds are the replicates every row trained " +
        "some of the networks, so each is predicted by those alone that left it out; the delivered model of all is not the model seen here",
    }),
    evaluated: z.int().min(0),
    validation: z.int().min(0).meta({ description: "All rows that validate, those among them that no delivered network left out" }),
    sentence: z.string().meta({ description: "Which rows, and by which networks, for a person" }),
  }),
  members: z
    .array(z.object({ trial: z.int(), capacity: capacitySchema, seed: z.number(), fold: z.int(), rows: z.int() }))
    .meta({ description: "The delivered networks, and how many of the rows each was asked for" }),
  metrics: metricsSchema.meta({ description: "Over all evaluated rows, in the target's own unit" }),
};

export const predictedPairSchema = z.object({ row, actual: z.number(), predicted: z.number() });

/** Residuals are predicted − actual, in the target's own unit, over all evaluated rows. */
export const regressionEvaluationSchema = z.object({
  task: z.literal("regression"),
  ...common,
  pairs: z
    .array(predictedPairSchema)
    .max(evaluationLimits.pairs)
    .meta({
      description: `All evaluated rows, or of more than ${evaluationLimits.pairs} a sample drawn by the experiment's seed; in the order of rows`,
    }),
  residuals: z.object({
    mean: z.number(),
    deviation: z.number(),
    quantiles: z
      .array(z.object({ share: z.number(), value: z.number() }))
      .meta({ description: "From the smallest (0) to the largest (1)" }),
    histogram: z.object({ from: z.number(), to: z.number(), counts: z.array(z.int()) }).meta({ description: "Bins of equal width" }),
  }),
  worst: z.array(predictedPairSchema).max(evaluationLimits.worst).meta({ description: "The largest residuals, largest first" }),
  notFinite: z
    .int()
    .meta({ description: "Rows whose prediction is too large to be written (an overflowing log target): in nothing above" }),
});

export const mistakeSchema = z.object({
  row,
  actual: z.string(),
  predicted: z.string(),
  probability: z.number().meta({ description: "Of the predicted class" }),
  probabilityOfActual: z.number(),
  pixels: z.string().nullable().meta({ description: "Bytes in base64, row by row, channels last; null where the table holds no images" }),
});

export const classificationEvaluationSchema = z.object({
  task: z.literal("classification"),
  ...common,
  classes: z.array(z.string()),
  confusion: z.array(z.array(z.int())).meta({ description: "Counts of rows, [actual class][predicted class], in the order of `classes`" }),
  perClass: z.array(
    z.object({
      name: z.string(),
      actual: z.int(),
      predicted: z.int(),
      hits: z.int(),
      precision: z.number().nullable().meta({ description: "hits / predicted; null where it was never predicted" }),
      recall: z.number().nullable().meta({ description: "hits / actual; null where no row has it" }),
      f1: z.number().nullable(),
    }),
  ),
  calibration: z.object({
    bins: z
      .array(
        z.object({
          from: z.number(),
          to: z.number(),
          rows: z.int(),
          meanProbability: z.number().nullable(),
          shareRight: z.number().nullable(),
        }),
      )
      .meta({ description: "Rows by the probability of the predicted class; null where a bin is empty" }),
    expectedError: z.number().meta({ description: "Mean over rows of |meanProbability − shareRight| of their bins" }),
  }),
  mistakes: z.object({
    total: z.int(),
    worst: z.array(mistakeSchema).max(evaluationLimits.mistakes).meta({ description: "The actual class was least expected first" }),
  }),
  image: z
    .object({ height: z.int(), width: z.int(), channels: z.int() })
    .nullable()
    .meta({
      description: `The shape of the mistakes' pictures; null where the table holds no images, or larger ones than ${evaluationLimits.pixels} numbers`,
    }),
});

export const evaluationSchema = z.discriminatedUnion("task", [regressionEvaluationSchema, classificationEvaluationSchema]);

export type PredictedPair = z.infer<typeof predictedPairSchema>;
export type RegressionEvaluation = z.infer<typeof regressionEvaluationSchema>;
export type ClassificationEvaluation = z.infer<typeof classificationEvaluationSchema>;
export type Mistake = z.infer<typeof mistakeSchema>;
export type Evaluation = z.infer<typeof evaluationSchema>;
