/** Unpacks gzip into a file beside the result, under limits that a zip bomb meets early. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { RightsizeError } from "@rightsize/core";
import type { DataLimits } from "../limits.ts";

/** Output from which the ratio counts: short runs of equal bytes may pack absurdly well. */
const ratioFromBytes = 16 * 1024 ** 2;

/** Throws `too_large` (size or ratio) and `unreadable_data` (damaged or cut off). Leaves the cleaning up to the caller. */
export async function unpackGzip(path: string, unpackedPath: string, limits: DataLimits): Promise<void> {
  const packed = createReadStream(path);
  const gunzip = createGunzip();
  packed.on("error", (error) => gunzip.destroy(error));
  const output = await open(unpackedPath, "w");
  let unpackedBytes = 0;
  try {
    for await (const chunk of packed.pipe(gunzip) as AsyncIterable<Buffer>) {
      unpackedBytes += chunk.length;
      const tooLarge = (received: string, required: string) =>
        new RightsizeError("too_large", "The file unpacks to too much.", { issues: [{ where: "file", received, required }] });
      if (unpackedBytes > limits.maxUnpackedBytes) {
        throw tooLarge(`more than ${limits.maxUnpackedBytes} bytes unpacked`, `at most ${limits.maxUnpackedBytes}`);
      }
      if (unpackedBytes > ratioFromBytes && unpackedBytes > limits.maxUnpackRatio * gunzip.bytesWritten) {
        throw tooLarge(`more than ${limits.maxUnpackRatio} times its packed size`, `at most ${limits.maxUnpackRatio} times`);
      }
      await output.writeFile(chunk);
    }
  } catch (cause) {
    if (cause instanceof RightsizeError) throw cause;
    throw new RightsizeError("unreadable_data", "The gzip file is damaged or cut off.", {
      issues: [{ where: "file", received: cause instanceof Error ? cause.message : String(cause), required: "a whole gzip file" }],
      cause,
    });
  } finally {
    packed.destroy();
    gunzip.destroy();
    await output.close();
  }
}
