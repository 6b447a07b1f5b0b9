/** POST /v1/experiments/:id/predict: rows in, predictions out. */
import { tasks } from "@rightsize/core";
import { z } from "zod";

/** Rows with the feature columns by name; null, an absent member and texts such as "NA" are gaps; other members are passed over. */
export const predictRequestSchema = z.strictObject({
  rows: z.array(z.record(z.string(), z.unknown())).min(1).meta({
    description:
      "Each row holds the feature columns by name. null, an absent member and texts such as NA are gaps; a column that no row names is an error.",
  }),
});
export type PredictRequest = z.infer<typeof predictRequestSchema>;

export const predictionsSchema = z.object({
  experimentId: z.string(),
  model: z.string().meta({ description: "SHA-256 of the model that answered" }),
  target: z.string(),
  task: z.enum(tasks),
  classes: z.array(z.string()).meta({ description: "In the order of the probabilities; empty for regression" }),
  predictions: z.array(z.union([z.number(), z.string()]).nullable()).meta({
    description: "One a row: the target in its own unit, or the most probable class. null where a number is too large to be written",
  }),
  probabilities: z.array(z.array(z.number())).nullable().meta({ description: "A row of class probabilities each; null for regression" }),
});
export type PredictionsView = z.infer<typeof predictionsSchema>;
