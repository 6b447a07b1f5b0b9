/** The two streams of events, understood: an experiment's, without gaps or repetition, and the whole service's, for lists. */
import {
  type EpochsMessage,
  type EventView,
  type ExperimentItem,
  epochsMessageSchema,
  eventViewSchema,
  experimentItemSchema,
  goneMessageSchema,
  openMessageSchema,
  type WorkerView,
  workerListSchema,
} from "@rightsize/contract";
import type { EventSourceMessage } from "eventsource-parser";
import type { z } from "zod";
import { readSse, type SseOptions } from "./sse.ts";

/** Numbered events never repeat and never skip; `epochs` may come again after a reconnect. */
export type StreamMessage =
  | { readonly kind: "event"; readonly event: EventView }
  | { readonly kind: "epochs"; readonly epochs: EpochsMessage };

/** Unless an `open` says `resumed`, changes may have been missed: read the lists again. */
export type ServiceMessage =
  | { readonly kind: "open"; readonly resumed: boolean }
  | { readonly kind: "experiment"; readonly experiment: ExperimentItem }
  | { readonly kind: "experiment.gone"; readonly id: string }
  | { readonly kind: "workers"; readonly workers: readonly WorkerView[] };

export interface ExperimentStreamOptions extends Omit<SseOptions, "lastEventId"> {
  /** Start after this event; 0 is from the beginning. */
  readonly afterSequence: number;
}

/** Yields what arrived, in batches. */
export async function* experimentMessages(options: ExperimentStreamOptions): AsyncGenerator<readonly StreamMessage[], void, void> {
  let last = options.afterSequence;
  const lastEventId = last > 0 ? String(last) : null;
  for await (const batch of readSse({ ...options, lastEventId })) {
    const fresh = batch.flatMap(experimentMessage).filter((message) => message.kind === "epochs" || message.event.sequence > last);
    for (const message of fresh) if (message.kind === "event") last = message.event.sequence;
    if (fresh.length > 0) yield fresh;
  }
}

/** Yields what arrived, in batches; goes on until the signal aborts. */
export async function* serviceMessages(options: SseOptions): AsyncGenerator<readonly ServiceMessage[], void, void> {
  for await (const batch of readSse(options)) {
    const known = batch.flatMap(serviceMessage);
    if (known.length > 0) yield known;
  }
}

/** A message that this version doesn't know is passed over. */
function experimentMessage({ event, data }: EventSourceMessage): readonly StreamMessage[] {
  if (event === "epochs") return known(epochsMessageSchema, data, (epochs) => ({ kind: "epochs", epochs }));
  return known(eventViewSchema, data, (numbered) => ({ kind: "event", event: numbered }));
}

function serviceMessage({ event, data }: EventSourceMessage): readonly ServiceMessage[] {
  switch (event) {
    case "open":
      return known(openMessageSchema, data, ({ resumed }) => ({ kind: "open", resumed }));
    case "experiment":
      return known(experimentItemSchema, data, (experiment) => ({ kind: "experiment", experiment }));
    case "experiment.gone":
      return known(goneMessageSchema, data, ({ id }) => ({ kind: "experiment.gone", id }));
    case "workers":
      return known(workerListSchema, data, ({ workers }) => ({ kind: "workers", workers }));
    default:
      return [];
  }
}

function known<Schema extends z.ZodType, Message>(
  schema: Schema,
  data: string,
  message: (body: z.output<Schema>) => Message,
): readonly Message[] {
  const parsed = schema.safeParse(JSON.parse(data));
  return parsed.success ? [message(parsed.data)] : [];
}
