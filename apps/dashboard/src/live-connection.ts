/** Holds an event stream open: reads it, and after a broken connection resumes behind the last event that arrived. */
import type { EpochsMessage, EventView } from "@rightsize/contract";
import type { LiveAction } from "./live.ts";
import { createSseParser, type SseMessage } from "./sse.ts";

export interface LiveOptions {
  readonly url: string;
  readonly headers: () => Record<string, string>;
  /** Sequence of the last event that is known: sent as Last-Event-ID. */
  readonly lastSequence: () => number;
  /** Whether the experiment is at its end, so that a closed stream needs no reconnect. */
  readonly isOver: () => boolean;
  readonly dispatch: (action: LiveAction) => void;
  /** Injected by tests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const firstWaitMs = 250;
const longestWaitMs = 5_000;

/** What a message means to the reducer; null for messages that this page does not know. */
export function actionOf(message: SseMessage): LiveAction | null {
  let body: unknown;
  try {
    body = JSON.parse(message.data);
  } catch {
    return null;
  }
  if (typeof body !== "object" || body === null) return null;
  if (message.event === "epochs") {
    const { runId, epochs } = body as EpochsMessage;
    return typeof runId === "string" && Array.isArray(epochs) ? { kind: "epochs", runId, epochs } : null;
  }
  const event = body as EventView;
  return typeof event.sequence === "number" && typeof event.kind === "string" ? { kind: "event", event } : null;
}

/** Opens the stream and keeps it open; the returned function closes it for good. */
export function connectLive(options: LiveOptions): () => void {
  const closing = new AbortController();
  const wait = options.wait ?? pause;
  void (async () => {
    let failures = 0;
    while (!closing.signal.aborted) {
      options.dispatch({ kind: "connecting" });
      const end = await readOnce(options, closing.signal, () => {
        failures = 0;
      });
      if (closing.signal.aborted) return;
      if (end.final || options.isOver()) {
        options.dispatch({ kind: "ended" });
        return;
      }
      options.dispatch({ kind: "lost" });
      await wait(end.retryMs ?? Math.min(longestWaitMs, firstWaitMs * 2 ** failures), closing.signal);
      failures += 1;
    }
  })();
  return () => closing.abort();
}

interface StreamEnd {
  /** Nothing will come by asking again (the experiment is gone, or may not be read). */
  readonly final: boolean;
  readonly retryMs: number | null;
}

async function readOnce(options: LiveOptions, signal: AbortSignal, onOpen: () => void): Promise<StreamEnd> {
  const parser = createSseParser();
  try {
    const response = await (options.fetch ?? fetch)(options.url, {
      headers: { ...options.headers(), accept: "text/event-stream", "last-event-id": String(options.lastSequence()) },
      cache: "no-store",
      signal,
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return { final: [204, 401, 403, 404, 410].includes(response.status), retryMs: null };
    }
    onOpen();
    options.dispatch({ kind: "opened" });
    const reader = response.body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const message of parser.push(value)) {
        const action = actionOf(message);
        if (action !== null) options.dispatch(action);
      }
    }
  } catch {
    // A broken connection is expected: the loop resumes behind the last event.
  }
  return { final: false, retryMs: parser.retryMs() };
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
