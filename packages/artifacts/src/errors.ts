/** The errors of the artifact stores, worded once. */
import { isSha256, RightsizeError, type Sha256 } from "@rightsize/core";

export function missing(id: Sha256): RightsizeError {
  return new RightsizeError("artifact_missing", `No bytes are stored under ${id}.`);
}

export function corrupt(id: Sha256, received: string): RightsizeError {
  return new RightsizeError("artifact_corrupt", `The bytes stored under ${id} have another hash.`, {
    issues: [{ where: "/sha256", received, required: id }],
  });
}

export function tooLarge(maxBytes: number): RightsizeError {
  return new RightsizeError("too_large", `The bytes are more than the ${maxBytes} allowed.`, {
    issues: [{ where: "/", received: `more than ${maxBytes} bytes`, required: `at most ${maxBytes} bytes` }],
  });
}

/** Ids become file names and paths of URLs: only 64 lower-case hexadecimal digits may. */
export function mustBeSha256(id: string): asserts id is Sha256 {
  if (isSha256(id)) return;
  throw new RightsizeError("invalid_request", "An artifact is named by its SHA-256.", {
    issues: [{ where: "/sha256", received: id.slice(0, 80), required: "64 lower-case hexadecimal digits" }],
  });
}
