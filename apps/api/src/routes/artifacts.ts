/** /v1/artifacts/:sha256: bytes by hash, for workers on other machines. */

import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { artifactViewSchema, sha256Schema } from "@rightsize/contract";
import { RightsizeError, type Sha256 } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { artifactBody } from "../send-artifact.ts";

const paramsSchema = z.object({ sha256: sha256Schema });
const bytesResponse = { description: "The bytes", content: { "application/octet-stream": { schema: z.unknown() } } };

export const artifactRoutes =
  (deps: ApiDependencies): FastifyPluginAsyncZod =>
  async (app) => {
    const limitBytes = deps.settings.uploadLimitBytes;
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

    app.get(
      "/v1/artifacts/:sha256",
      { schema: documented("workers", "The bytes of an artifact", { params: paramsSchema, response: { 200: bytesResponse } }) },
      async (request, reply) => {
        const body = await artifactBody(deps.artifacts, request.params.sha256, request, reply);
        return reply.type("application/octet-stream").header("cache-control", "private, max-age=31536000, immutable").send(body);
      },
    );

    app.put(
      "/v1/artifacts/:sha256",
      {
        bodyLimit: limitBytes,
        schema: documented("workers", "Store bytes under their hash", {
          description: "Refused when the bytes' SHA-256 isn't the one in the path. 201 when they are new, 200 when they were there.",
          consumes: ["application/octet-stream"],
          params: paramsSchema,
          body: z.unknown().meta({ description: "The bytes" }),
          response: { 200: artifactViewSchema, 201: artifactViewSchema },
        }),
      },
      async (request, reply) => {
        const { sha256 } = request.params;
        try {
          const known = await deps.artifacts.has(sha256);
          const { id, sizeBytes } = await deps.artifacts.put(verified(request.body as Readable | null | undefined, sha256), {
            maxBytes: limitBytes,
          });
          return reply.code(known ? 200 : 201).send({ id, sizeBytes });
        } catch (error) {
          if (!request.raw.readableEnded) void reply.header("connection", "close");
          throw error;
        }
      },
    );
  };

/** The bytes, failing at their end when they aren't what the path promised: nothing is stored under any name then. */
async function* verified(body: Readable | null | undefined, promised: Sha256): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of body ?? []) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw new RightsizeError("malformed_request", "The upload ended before all bytes had arrived.", { cause: error });
  }
  const actual = hash.digest("hex");
  if (actual !== promised) {
    throw new RightsizeError("invalid_request", "The bytes have another hash than the path says.", {
      issues: [{ where: "the body", received: `bytes of SHA-256 ${actual}`, required: `bytes of SHA-256 ${promised}` }],
    });
  }
}
