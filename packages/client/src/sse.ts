/** Server-sent events over `fetch`, in batches as they arrive; a connection that broke is made again after the last id received. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { RequestRefused } from "./errors.ts";

export interface SseOptions {
  /** Asks for the stream after an event id; null is from its beginning. */
  readonly open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;
  /** Where to begin. */
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
  readonly onReconnect?: () => void;
  /** Silence after which a connection counts as broken; the service sends a comment every 15 s. */
  readonly silenceMs?: number;
  readonly firstPauseMs?: number;
}

const longestPauseMs = 5000;

/** Ends when `signal` aborts or the service says that nothing follows; throws when it refuses the stream. */
export async function* readSse(options: SseOptions): AsyncGenerator<readonly EventSourceMessage[], void, void> {
  let last = options.lastEventId;
  const firstPauseMs = options.firstPauseMs ?? 250;
  let pauseMs = firstPauseMs;
  for (let connections = 0; !options.signal.aborted; connections++) {
    if (connections > 0) {
      options.onReconnect?.();
      await pause(pauseMs, options.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    try {
      for await (const batch of readConnection(options, last)) {
        pauseMs = firstPauseMs;
        last = batch.findLast(({ id }) => id !== undefined)?.id ?? last;
        yield batch;
      }
    } catch (error) {
      if (options.signal.aborted || error instanceof NothingFollows) return;
      // A refusal of the request itself (unknown id, no rights) won't pass by trying again; a busy or restarting service will.
      if (error instanceof RequestRefused && error.status < 500 && error.status !== 429) throw error;
    }
  }
}

/** The service's 204: all has been told. */
class NothingFollows extends Error {}

/** One connection, until it ends, breaks or falls silent. */
async function* readConnection(options: SseOptions, after: string | null): AsyncGenerator<readonly EventSourceMessage[], void, void> {
  const connection = new AbortController();
  const abort = () => connection.abort(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  const fallSilent = () => connection.abort(new Error("the stream fell silent"));
  let silence = setTimeout(fallSilent, options.silenceMs ?? 45_000);
  try {
    const response = await options.open(after, connection.signal);
    if (response.status === 204 || response.body === null) throw new NothingFollows();
    let batch: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => batch.push(event) });
    const decoder = new TextDecoder();
    // By a reader: not every browser's stream can be iterated.
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(silence);
      silence = setTimeout(fallSilent, options.silenceMs ?? 45_000);
      parser.feed(decoder.decode(read.value, { stream: true }));
      if (batch.length > 0) {
        yield batch;
        batch = [];
      }
    }
  } finally {
    clearTimeout(silence);
    options.signal.removeEventListener("abort", abort);
    connection.abort();
  }
}

/** Resolves after so many milliseconds, or when the signal aborts. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
