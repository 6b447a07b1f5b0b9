/** Whose request it is. Without keys everything belongs to one local owner; every route asks here, so that keys need one change. */
import { localOwner, type OwnerId } from "@rightsize/core";
import type { FastifyRequest } from "fastify";

export function ownerOf(_request: FastifyRequest): OwnerId {
  return localOwner;
}
