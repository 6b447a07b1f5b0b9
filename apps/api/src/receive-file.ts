/** Streams a request's bytes into a file while hashing them: never in memory, never more than allowed. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { RightsizeError, type Sha256 } from "@rightsize/core";

/** Throws `too_large` above `limitBytes`, and `malformed_request` when the sender goes away before the end. */
export async function receiveFile(
  source: Readable,
  filePath: string,
  limitBytes: number,
): Promise<{ readonly hash: Sha256; readonly sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) return done(fileTooLarge(limitBytes));
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(source, measure, createWriteStream(filePath, { flags: "wx", mode: 0o600 }));
  } catch (error) {
    if (error instanceof RightsizeError) throw error;
    // A full disk and the like are ours; anything that happened to the stream itself is the sender's.
    if (error instanceof Error && "syscall" in error && "path" in error) {
      throw new RightsizeError("unavailable", "The service can't store the file at the moment.", { cause: error });
    }
    throw new RightsizeError("malformed_request", "The upload ended before all of the file had arrived.", { cause: error });
  }
  return { hash: hash.digest("hex") as Sha256, sizeBytes };
}

export function fileTooLarge(limitBytes: number): RightsizeError {
  const limit = `${limitBytes} bytes (${Math.round(limitBytes / 2 ** 20)} MB)`;
  return new RightsizeError("too_large", `The file is larger than the ${limit} that the service accepts.`, {
    issues: [{ where: "the file", received: `more than ${limit}`, required: `at most ${limit}` }],
  });
}
