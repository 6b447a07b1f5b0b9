/** POST /v1/experiments/:id/replay: the table told again from stored results, under the same or other rules. */
import { nextSteps } from "@rightsize/core";
import { z } from "zod";

export const replayRequestSchema = z.strictObject({
  search: z
    .strictObject({ preset: z.string().min(1).max(50), parameters: z.record(z.string(), z.unknown()).default({}) })
    .optional()
    .meta({ description: "Left out: the experiment's own" }),
  patience: z.int().min(1).max(100_000).optional().meta({ description: "Epochs; exact from the stored curves when it is shorter" }),
  minDelta: z.number().min(0).optional(),
  maxEpochs: z.int().min(1).max(100_000).optional(),
});

export const replayViewSchema = z.object({
  experimentId: z.string(),
  same: z.boolean().meta({ description: "Whether every decision is, byte for byte, the stored one" }),
  trials: z.array(
    z.object({
      number: z.int(),
      hiddenLayers: z.int(),
      nodesPerLayer: z.int(),
      score: z.number().nullable(),
      nextStep: z.enum(nextSteps).nullable(),
      winner: z.boolean(),
    }),
  ),
  decisions: z.array(z.object({ action: z.string(), reason: z.string() })),
  missing: z
    .object({ capacity: z.string(), runs: z.int(), sentence: z.string() })
    .nullable()
    .meta({ description: "What nobody trained and the search would need next; null when it came to its end" }),
});
export type ReplayRequest = z.input<typeof replayRequestSchema>;
export type ReplayView = z.infer<typeof replayViewSchema>;
