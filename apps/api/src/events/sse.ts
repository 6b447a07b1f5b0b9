/** How both streams of events reach their watchers. */
import type { Writable } from "node:stream";
import type { FastifyReply } from "fastify";

/** How long a browser waits before it connects again, in milliseconds. */
const reconnectMs = 1000;

interface SentMessage {
  readonly id?: string;
  readonly event: string;
  readonly data: object;
}

/**
 * Tells a watcher each message as it comes, until there is none left or the client goes. What breaks the stream off is passed to
 * `onBroken`: it is too late for a problem document, and the client connects again with its Last-Event-ID.
 */
export async function tellWatcher<Message>(
  reply: FastifyReply,
  messages: (gone: AbortSignal) => AsyncIterable<Message>,
  sent: (message: Message) => SentMessage,
  onBroken: (error: unknown) => void,
): Promise<void> {
  const gone = new AbortController();
  reply.sse.onClose(() => gone.abort());
  // Sent at once, so that the client knows it is connected before anything happens.
  await reply.sse.send({ retry: reconnectMs, data: undefined });
  try {
    for await (const message of messages(gone.signal)) {
      if (!reply.sse.isConnected) break;
      // Written at once; the plugin's promise is of no use, it never settles when a client that reads too slowly goes away.
      reply.sse.send(sent(message)).catch(() => gone.abort());
      await drained(reply.raw, gone.signal);
    }
  } catch (error) {
    if (!gone.signal.aborted) onBroken(error);
  }
}

/** Resolves when what was written has left, or when the client is gone. */
function drained(stream: Writable, signal: AbortSignal): Promise<void> {
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
