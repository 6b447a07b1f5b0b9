/** The service-wide stream of events, for pages that show lists. */
import type { ExperimentItem, ServiceTopic, WorkerView } from "@rightsize/contract";
import { useEffect, useRef, useState } from "react";
import { api, authorisation } from "./api-client.ts";
import { type Connection, holdStream } from "./held-stream.ts";
import type { SseMessage } from "./sse.ts";

export interface ServiceListener {
  /** The stream begins without what may have changed before: lists must be read again. */
  readonly onReset?: () => void;
  /** There is no stream any more (its key is no longer good): whoever asks for the list again learns why. */
  readonly onRefused?: () => void;
  readonly onExperiment?: (item: ExperimentItem) => void;
  readonly onGone?: (id: string) => void;
  readonly onWorkers?: (workers: readonly WorkerView[]) => void;
}

/** Gives one message to the listener; messages that this page does not know are passed over. */
export function tellListener(listener: ServiceListener, { event, data }: SseMessage): void {
  const body = JSON.parse(data) as unknown;
  if (event === "open" && (body as { resumed: boolean }).resumed === false) listener.onReset?.();
  if (event === "experiment") listener.onExperiment?.(body as ExperimentItem);
  if (event === "experiment.gone") listener.onGone?.((body as { id: string }).id);
  if (event === "workers") listener.onWorkers?.((body as { workers: WorkerView[] }).workers);
}

/** Listens while the component is shown, and says how the connection is. */
export function useServiceStream(topic: ServiceTopic, listener: ServiceListener): Connection {
  const [connection, setConnection] = useState<Connection>("connecting");
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    let last: string | null = null;
    return holdStream({
      url: api.serviceEventsPath(topic),
      headers: authorisation,
      lastEventId: () => last,
      isOver: () => false,
      onConnection: (now) => {
        setConnection(now);
        if (now === "refused") latest.current.onRefused?.();
      },
      onMessage: (message) => {
        try {
          tellListener(latest.current, message);
        } finally {
          last = message.id ?? last;
        }
      },
    });
  }, [topic]);
  return connection;
}
