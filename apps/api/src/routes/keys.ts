/** /v1/keys: the keys of an owner, made, listed and revoked with a key of scope admin. */
import { keyListSchema, keyRequestSchema, keyViewSchema, newKeySchema } from "@rightsize/contract";
import { type ApiKey, type KeyId, newKey, RightsizeError } from "@rightsize/core";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Access } from "../access.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { documented } from "../openapi.ts";
import { callerOf, ownerOf } from "../owner.ts";
import { notFound } from "../problems.ts";

const paramsSchema = z.object({ id: z.string().regex(/^key_[0-9a-f]{16}$/, "the id of a key, key_…") });
const dayMs = 86_400_000;

export const keyRoutes =
  (deps: ApiDependencies, access: Access): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      "/v1/keys",
      {
        schema: documented("keys", "Make a key for the same owner", {
          description: "The answer is the only place that ever shows the key. Once there is one, every request needs one.",
          body: keyRequestSchema,
          response: { 201: newKeySchema },
        }),
      },
      async (request, reply) => {
        const { owner, keyId } = callerOf(request);
        const { name, scopes, validForDays } = request.body;
        if (keyId === null && (!scopes.includes("admin") || validForDays !== null)) throw firstKey(validForDays !== null);
        const { id, token, hash } = await newKey();
        const validForMs = validForDays === null ? null : Math.round(validForDays * dayMs);
        const key = await deps.store.keys.create({ id, owner, name, hash, scopes, validForMs });
        access.keyMade();
        request.log.info({ key: id, scopes }, "key made");
        return reply
          .code(201)
          .header("cache-control", "no-store")
          .send({ ...keyView(key), key: token });
      },
    );

    app.get(
      "/v1/keys",
      { schema: documented("keys", "The owner's keys, newest first, with revoked and expired ones", { response: { 200: keyListSchema } }) },
      async (request) => ({ keys: (await deps.store.keys.list(ownerOf(request))).map(keyView) }),
    );

    app.delete(
      "/v1/keys/:id",
      {
        schema: documented("keys", "Revoke a key: from now on it is refused", { params: paramsSchema, response: { 200: keyViewSchema } }),
      },
      async (request) => {
        const key = await deps.store.keys.revoke(ownerOf(request), request.params.id as KeyId);
        if (key === null) throw notFound("key", request.params.id);
        request.log.info({ key: key.id }, "key revoked");
        return keyView(key);
      },
    );
  };

function keyView(key: ApiKey) {
  return { ...key, scopes: [...key.scopes] };
}

/** In a service without keys the first one closes it for all who have none: it must be one that can make others, and stay. */
function firstKey(expires: boolean): RightsizeError {
  return new RightsizeError("invalid_request", "The first key must be one that can make others.", {
    issues: [
      expires
        ? { where: "/validForDays", received: "a key that expires", required: "null: when it is over nobody could make another" }
        : { where: "/scopes", received: "scopes without admin", required: "admin among them" },
    ],
  });
}
