/** Reads a Server-Sent Events stream of an experiment, and makes the connection again where it broke, after the last event seen. */
import { setTimeout as sleep } from "node:timers/promises";
import { type EpochsMessage, type EventView, epochsMessageSchema, eventViewSchema } from "@rightsize/contract";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { RequestRefused } from "./errors.ts";

/** Numbered events never repeat and never skip; `epochs` may come again after a reconnect. */
export type StreamMessage =
  | { readonly kind: "event"; readonly event: EventView }
  | { readonly kind: "epochs"; readonly epochs: EpochsMessage };

export interface StreamOptions {
  /** Asks for the stream after an event id; null is from the beginning. */
  readonly open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>;
  readonly afterSequence: number;
  readonly signal: AbortSignal;
  readonly onReconnect?: () => void;
  /** Silence after which a connection counts as broken; the service sends a comment every 15 s. */
  readonly silenceMs?: number;
  readonly firstPauseMs?: number;
}

const longestPauseMs = 5000;

/** Yields what arrived, in batches. Ends when `signal` aborts or nothing will follow; throws when the service refuses the stream. */
export async function* streamEvents(options: StreamOptions): AsyncGenerator<readonly StreamMessage[], void, void> {
  let last = options.afterSequence;
  const firstPauseMs = options.firstPauseMs ?? 250;
  let pauseMs = firstPauseMs;
  for (let connections = 0; !options.signal.aborted; connections++) {
    if (connections > 0) {
      options.onReconnect?.();
      await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
    try {
      for await (const batch of readConnection(options, last)) {
        pauseMs = firstPauseMs;
        const fresh = batch.filter((message) => message.kind === "epochs" || message.event.sequence > last);
        for (const message of fresh) if (message.kind === "event") last = message.event.sequence;
        if (fresh.length > 0) yield fresh;
      }
    } catch (error) {
      if (options.signal.aborted || error instanceof NothingFollows) return;
      // A refusal of the request itself (unknown id, no rights) won't pass by trying again; a busy or restarting service will.
      if (error instanceof RequestRefused && error.status < 500 && error.status !== 429) throw error;
    }
  }
}

/** The service's 204: the experiment is over and all its events have been told. */
class NothingFollows extends Error {}

/** One connection, until it ends, breaks or falls silent. */
async function* readConnection(options: StreamOptions, after: number): AsyncGenerator<readonly StreamMessage[], void, void> {
  const connection = new AbortController();
  const abort = () => connection.abort(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  const silence = setTimeout(() => connection.abort(new Error("the stream fell silent")), options.silenceMs ?? 45_000);
  try {
    const response = await options.open(after > 0 ? String(after) : null, connection.signal);
    if (response.status === 204 || response.body === null) throw new NothingFollows();
    let batch: StreamMessage[] = [];
    const parser = createParser({
      onEvent: (event) => {
        const message = understand(event);
        if (message !== null) batch.push(message);
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body) {
      silence.refresh();
      parser.feed(decoder.decode(chunk, { stream: true }));
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

/** A message of a kind that this version doesn't know is passed over. */
function understand({ event, data }: EventSourceMessage): StreamMessage | null {
  const body: unknown = JSON.parse(data);
  if (event === "epochs") return { kind: "epochs", epochs: epochsMessageSchema.parse(body) };
  const parsed = eventViewSchema.safeParse(body);
  return parsed.success ? { kind: "event", event: parsed.data } : null;
}
