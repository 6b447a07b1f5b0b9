/** GET /v1/events: what changes anywhere in the service, for lists; and the query of the list of experiments. */
import { experimentStates } from "@rightsize/core";
import { z } from "zod";
import { pageQuerySchema } from "./primitives.ts";

/** A comma-separated text as a list of these names, each once. */
const namesOf = <const Name extends string>(names: readonly Name[]) => {
  const parts = (text: string) => [...new Set(text.split(",").map((name) => name.trim()))];
  const known: ReadonlySet<string> = new Set(names);
  return z
    .string()
    .refine((text) => parts(text).every((name) => known.has(name)), `names divided by commas, among ${names.join(", ")}`)
    .transform((text) => parts(text) as Name[]);
};

export const experimentListQuerySchema = pageQuerySchema.extend({
  search: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "Words that must all occur in the name, target, preset, dataset's id or experiment's id" }),
  states: namesOf(experimentStates)
    .optional()
    .meta({ description: "States to show, divided by commas, for example RUNNING,PAUSED; left out: all" }),
});

export const serviceTopics = ["experiments", "workers"] as const;
export type ServiceTopic = (typeof serviceTopics)[number];
export const serviceEventQuerySchema = z.object({
  topics: namesOf(serviceTopics)
    .prefault(serviceTopics.join(","))
    .meta({ description: "What to hear of, divided by commas; left out: everything" }),
});

/** SSE `data` of the first message, `open`: unless `resumed`, changes may have been missed and lists must be read again. */
export const openMessageSchema = z.object({ resumed: z.boolean() });
/** SSE `data` of an `experiment.gone` message; that of `experiment` is an item of the list, that of `workers` the list of workers. */
export const goneMessageSchema = z.object({ id: z.string() });
