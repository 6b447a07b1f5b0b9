/** Stored bytes as an answer: checked whole before the first byte leaves, so that damage is a problem and no stream that breaks off. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ArtifactStore, Sha256 } from "@rightsize/core";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Sets length and etag, and gives the bytes to send; throws `artifact_missing` or `artifact_corrupt`. */
export async function artifactBody(artifacts: ArtifactStore, id: Sha256, request: FastifyRequest, reply: FastifyReply): Promise<Readable> {
  const file = await artifacts.localPath(id);
  const { size } = await stat(file);
  void reply.header("content-length", size).header("etag", `"${id}"`);
  // Fastify answers HEAD by the same handler: opening the file for it would be for nothing.
  return request.method === "HEAD" ? Readable.from([]) : createReadStream(file);
}
