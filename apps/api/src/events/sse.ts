/** What both streams of events share. */
import type { Writable } from "node:stream";

/** How long a browser waits before it connects again, in milliseconds. */
export const reconnectMs = 1000;

/** Resolves when what was written has left, or when the client is gone. */
export function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  if (!stream.writableNeedDrain || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.removeListener("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    stream.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
