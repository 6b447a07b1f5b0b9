/** Whose request it is: the owner of the key it came with; without keys everything belongs to one local owner. */
import { type OwnerId, RightsizeError } from "@rightsize/core";
import type { FastifyRequest } from "fastify";
import type { Caller } from "./access.ts";

export function ownerOf(request: FastifyRequest): OwnerId {
  return callerOf(request).owner;
}

/** Throws where the route is one that anybody may ask: it must not ask for an owner. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new RightsizeError("internal", `${request.routeOptions.url} has no caller`);
  return request.caller;
}
