/** How both streams of events reach their watchers. */
import type { Writable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { callerOf } from "../owner.ts";
import type { CallerWatch } from "./caller-watch.ts";

/** How long a browser waits before it connects again, in milliseconds. */
const reconnectMs = 1000;

interface SentMessage {
  readonly id?: string;
  readonly event: string;
  readonly data: object;
}

interface Stream<Message> {
  /** Ends, soon, after `gone` aborts. */
  readonly messages: (gone: AbortSignal) => AsyncIterable<Message>;
  readonly sent: (message: Message) => SentMessage;
  /** What broke the stream off: it is too late for a problem document, and the client connects again with its Last-Event-ID. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Tells a watcher each message as it comes, until there is none left, the client goes, or it would not be let in any more: a client
 * that connects again then gets the refusal, with its reason.
 */
export async function tellWatcher<Message>(
  callers: CallerWatch,
  request: FastifyRequest,
  reply: FastifyReply,
  { messages, sent, onBroken }: Stream<Message>,
): Promise<void> {
  const gone = new AbortController();
  reply.sse.onClose(() => gone.abort());
  const endWatch = callers.watch(callerOf(request), () => {
    request.log.info("a stream of events ends: its caller would not be let in any more");
    gone.abort();
  });
  try {
    // Sent at once, so that the client knows it is connected before anything happens. One that has gone already can't be sent anything.
    await reply.sse.send({ retry: reconnectMs, data: undefined });
    for await (const message of messages(gone.signal)) {
      if (!reply.sse.isConnected || gone.signal.aborted) break;
      // Written at once; the plugin's promise is of no use, it never settles when a client that reads too slowly goes away.
      reply.sse.send(sent(message)).catch(() => gone.abort());
      await drained(reply.raw, gone.signal);
    }
  } catch (error) {
    if (reply.sse.isConnected && !gone.signal.aborted) onBroken(error);
  } finally {
    endWatch();
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
