/** GET /v1/experiments/:id/log: what happened to an experiment, a sentence each. */
import { eventKinds } from "@rightsize/core";
import { z } from "zod";
import { afterSchema, isoTimeSchema } from "./primitives.ts";
import { attemptViewSchema } from "./views.ts";

export const logLevels = ["info", "warn", "error"] as const;

export const logQuerySchema = z.object({
  after: afterSchema.meta({ description: "Lines after this sequence number: `last` of the page before" }),
  limit: z.coerce.number().int().min(1).max(1000).default(500),
  format: z.enum(["json", "ndjson", "text"]).optional(),
});

/** One line an event; its number is the event's, so a line can be put to the event of the stream that announced it. */
export const logLineSchema = z.object({
  sequence: z.int(),
  time: isoTimeSchema,
  level: z.enum(logLevels),
  kind: z.enum(eventKinds),
  message: z.string().meta({ description: "A sentence for a person" }),
  trial: z.int().nullable(),
  runId: z.string().nullable(),
  attempt: attemptViewSchema.extend({ machine: z.string().nullable(), device: z.string().nullable() }).nullable().meta({
    description: "Of a run's start and of its return to the queue: the attempt with its end as known now, and where it was made",
  }),
});
export const experimentLogSchema = z.object({
  experimentId: z.string(),
  lines: z.array(logLineSchema),
  last: z.int().meta({ description: "Sequence number of the last line, to ask on with `after`" }),
  more: z.boolean().meta({ description: "Whether lines after `last` are there already" }),
});

export type LogQuery = z.infer<typeof logQuerySchema>;
export type LogLine = z.infer<typeof logLineSchema>;
export type ExperimentLog = z.infer<typeof experimentLogSchema>;
