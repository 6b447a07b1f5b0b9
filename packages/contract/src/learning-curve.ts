/** /v1/experiments/:id/learning-curve: would more rows help more than more nodes? The winner's size trained on fewer rows. */
import { experimentStates } from "@rightsize/core";
import { z } from "zod";
import { capacitySchema } from "./experiment-request.ts";

/** `more_rows` and `more_nodes` say what helps; `neither` that both gains are too small to matter; `undecided` that chance could explain them. */
export const learningCurveVerdicts = ["more_rows", "more_nodes", "neither", "undecided"] as const;

export const learningCurvePointSchema = z.object({
  rows: z.int().meta({ description: "Training rows (of one fold)" }),
  fraction: z.number().meta({ description: "Of all training rows, (0, 1]" }),
  validationLoss: z
    .number()
    .nullable()
    .meta({ description: "Geometric mean over the runs that ended, on the same validation rows; null before one ended" }),
  deviation: z.number().nullable().meta({ description: "Of one run around that mean, as a fraction; null below two runs" }),
  runs: z.int().meta({ description: "Runs that ended with a loss" }),
  wanted: z.int().meta({ description: "Runs that were asked for" }),
  reused: z.int().meta({ description: "Of the runs that ended, those taken from the experiment itself instead of training them again" }),
});

export const learningCurveSchema = z.object({
  experimentId: z.string(),
  curveExperimentId: z
    .string()
    .meta({ description: "The experiment that trains the curve: its runs, events and state are read like any other's" }),
  state: z.enum(experimentStates),
  stateReason: z.string().nullable(),
  capacity: capacitySchema,
  points: z.array(learningCurvePointSchema).meta({ description: "Fewest rows first" }),
  verdict: z.enum(learningCurveVerdicts).nullable().meta({ description: "null until the curve is complete" }),
  sentence: z.string().nullable().meta({ description: "The answer for a person, with its uncertainty; null until the curve is complete" }),
});
export type LearningCurvePoint = z.infer<typeof learningCurvePointSchema>;
export type LearningCurve = z.infer<typeof learningCurveSchema>;
