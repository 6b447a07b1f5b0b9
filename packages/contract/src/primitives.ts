/** Small schemas that the others are made of. */
import { type ExperimentId, isSha256, type RunId, type Sha256, type TrialId } from "@rightsize/core";
import { z } from "zod";

const id = <Kind extends string>(prefix: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{1,40}$`), `an id of ${what}, ${prefix}_…`)
    .transform((text) => text as Kind);

export const sha256Schema = z
  .string()
  .refine(isSha256, "a SHA-256: 64 lower-case hexadecimal digits")
  .transform((text) => text as Sha256)
  .meta({ description: "SHA-256 in 64 lower-case hexadecimal digits" });
export const experimentIdSchema = id<ExperimentId>("exp", "an experiment");
export const trialIdSchema = id<TrialId>("tri", "a trial");
export const runIdSchema = id<RunId>("run", "a run");
export const isoTimeSchema = z.string().meta({ description: "ISO 8601 time in UTC" });
export const fractionSchema = z.number().gt(0).lt(1);
export const seedSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The largest sequence number that an event can have: a database's integer of four bytes. */
export const lastSequence = 2 ** 31 - 1;
/** Query of what is read on from an event: its sequence number, 0 for the beginning. */
export const afterSchema = z.coerce.number().int().min(0).max(lastSequence).default(0);

/** Query of every list: how many, and the cursor of the page before. */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});

/** A page of items; `cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), cursor: z.string().nullable() });
