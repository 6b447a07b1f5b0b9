/** Holds a stream of server-sent events open: reads it, and after a broken connection resumes behind the last message that arrived. */
import { createSseParser, type SseMessage } from "./sse.ts";

export interface StreamOptions {
  readonly url: string;
  readonly headers: () => Record<string, string>;
  /** Sent as Last-Event-ID; null sends none. */
  readonly lastEventId: () => string | null;
  /** Whether all that can come has come, so that a closed stream needs no reconnect. */
  readonly isOver: () => boolean;
  readonly onMessage: (message: SseMessage) => void;
  readonly onConnection: (connection: Connection) => void;
  /** Injected by tests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** `waiting`: the connection broke, and another try comes. `refused`: the service won't give this stream, so that no other try comes. */
export type Connection = "connecting" | "open" | "waiting" | "ended" | "refused";

const firstWaitMs = 250;
const longestWaitMs = 5_000;

/** Opens the stream and keeps it open; the returned function closes it for good. */
export function holdStream(options: StreamOptions): () => void {
  const closing = new AbortController();
  const wait = options.wait ?? pause;
  void (async () => {
    let failures = 0;
    while (!closing.signal.aborted) {
      options.onConnection("connecting");
      const end = await readOnce(options, closing.signal, () => {
        failures = 0;
      });
      if (closing.signal.aborted) return;
      if (end.final !== null || options.isOver()) {
        options.onConnection(end.final ?? "ended");
        return;
      }
      options.onConnection("waiting");
      await wait(end.retryMs ?? Math.min(longestWaitMs, firstWaitMs * 2 ** failures), closing.signal);
      failures += 1;
    }
  })();
  return () => closing.abort();
}

interface StreamEnd {
  /** Nothing will come by asking again: all was told, or what was watched is gone or may not be read (its key is no longer good). */
  readonly final: "ended" | "refused" | null;
  readonly retryMs: number | null;
}

async function readOnce(options: StreamOptions, signal: AbortSignal, onOpen: () => void): Promise<StreamEnd> {
  const parser = createSseParser();
  const last = options.lastEventId();
  try {
    const response = await (options.fetch ?? fetch)(options.url, {
      headers: { ...options.headers(), accept: "text/event-stream", ...(last === null ? {} : { "last-event-id": last }) },
      cache: "no-store",
      signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { final: finalOf(response.status), retryMs: null };
    }
    onOpen();
    options.onConnection("open");
    const reader = response.body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const message of parser.push(value)) options.onMessage(message);
    }
  } catch {
    // A broken connection is expected: the loop resumes behind the last event.
  }
  return { final: null, retryMs: parser.retryMs() };
}

function finalOf(status: number): StreamEnd["final"] {
  if (status === 204) return "ended";
  return [401, 403, 404, 410].includes(status) ? "refused" : null;
}

/** Waits, but no longer than until the network is back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    globalThis.addEventListener?.("online", done);
  });
}
