/** Waits for an experiment's end by its events, so that nothing is polled while it trains. */
import type { ExperimentView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import type { Client, EventOptions } from "./client-interface.ts";
import type { StreamMessage } from "./events.ts";

type WaitOptions = EventOptions & { readonly onMessages?: (messages: readonly StreamMessage[]) => void };

/** Resolves with the ended experiment; rejects with the signal's reason when it aborts first. */
export async function waitUntilEnded(
  client: Pick<Client, "events" | "experiment">,
  id: string,
  { onMessages, afterSequence = 0, ...options }: WaitOptions,
): Promise<ExperimentView> {
  let last = afterSequence;
  for (;;) {
    // The stream ends when the experiment has ended and all its events are told.
    for await (const messages of client.events(id, { ...options, afterSequence: last })) {
      for (const message of messages) if (message.kind === "event") last = message.event.sequence;
      onMessages?.(messages);
    }
    options.signal?.throwIfAborted();
    const experiment = await client.experiment(id);
    if (isTerminal("experiment", experiment.state)) return experiment;
  }
}
