/** /v1/keys: API keys as they are asked for and shown. */
import { keyScopes } from "@rightsize/core";
import { z } from "zod";
import { isoTimeSchema } from "./primitives.ts";

export const keyScopeSchema = z.enum(keyScopes);

export const keyRequestSchema = z.strictObject({
  name: z.string().trim().min(1).max(100).meta({ description: "What it is for, as people will find it in the list" }),
  scopes: z
    .array(keyScopeSchema)
    .min(1)
    .max(keyScopes.length)
    .refine((scopes) => new Set(scopes).size === scopes.length, "scopes that differ from each other")
    .meta({
      description: "`read` looks, `write` uploads, asks and deletes, `worker` moves artifacts, `admin` manages keys; none includes another",
    }),
  validForDays: z.number().gt(0).max(36_500).nullable().default(null).meta({ description: "null never expires" }),
});
export type KeyRequest = z.input<typeof keyRequestSchema>;

export const keyViewSchema = z.object({
  id: z.string(),
  owner: z.string(),
  name: z.string(),
  scopes: z.array(keyScopeSchema),
  createdAt: isoTimeSchema,
  expiresAt: isoTimeSchema.nullable(),
  lastUsedAt: isoTimeSchema.nullable(),
  revokedAt: isoTimeSchema.nullable(),
});
export type KeyView = z.infer<typeof keyViewSchema>;

export const keyListSchema = z.object({ keys: z.array(keyViewSchema) });

/** The one answer that holds the key itself. */
export const newKeySchema = keyViewSchema.extend({
  key: z.string().meta({ description: "To be sent as `Authorization: Bearer <key>`. It is shown this once and kept nowhere" }),
});
export type NewKeyView = z.infer<typeof newKeySchema>;
