/** Deletions: the rows first, then the bytes that nothing refers to any more. */
import type { ArtifactStore, Removed } from "@rightsize/core";
import type { FastifyBaseLogger } from "fastify";
import { notFound } from "./problems.ts";

/** Throws `not_found` where `removed` is null. Bytes that can't be deleted are logged and stay: they are in nobody's way. */
export async function deleteRemoved(
  what: string,
  id: string,
  removed: Removed | null,
  { artifacts, log }: { readonly artifacts: ArtifactStore; readonly log: FastifyBaseLogger },
): Promise<void> {
  if (removed === null) throw notFound(what, id);
  let failed = 0;
  for (const artifact of removed.artifacts) {
    await artifacts.delete(artifact).catch((error: unknown) => {
      failed += 1;
      log.warn({ err: error, artifact }, "the bytes of an unused artifact could not be deleted");
    });
  }
  log.info({ [what]: id, artifacts: removed.artifacts.length - failed }, `${what} deleted`);
}
