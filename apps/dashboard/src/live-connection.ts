/** An experiment's event stream: each message as what it means to the page's knowledge. */
import type { EpochsMessage, EventView } from "@rightsize/contract";
import { type Connection, holdStream, type StreamOptions } from "./held-stream.ts";
import type { LiveAction } from "./live.ts";
import type { SseMessage } from "./sse.ts";

export interface LiveOptions extends Pick<StreamOptions, "url" | "headers" | "isOver" | "fetch" | "wait"> {
  /** Sequence of the last event that is known: sent as Last-Event-ID. */
  readonly lastSequence: () => number;
  readonly dispatch: (action: LiveAction) => void;
}

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

const connectionActions: Readonly<Record<Connection, LiveAction>> = {
  connecting: { kind: "connecting" },
  open: { kind: "opened" },
  waiting: { kind: "lost" },
  ended: { kind: "ended" },
  refused: { kind: "refused" },
};

/** Opens the stream and keeps it open; the returned function closes it for good. */
export function connectLive({ lastSequence, dispatch, ...options }: LiveOptions): () => void {
  return holdStream({
    ...options,
    lastEventId: () => String(lastSequence()),
    onConnection: (connection) => dispatch(connectionActions[connection]),
    onMessage: (message) => {
      const action = actionOf(message);
      if (action !== null) dispatch(action);
    },
  });
}
