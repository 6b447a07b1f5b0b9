/** One experiment's stream of events, read once from the store however many watch it. */
import {
  type EpochRecord,
  type ExperimentEvent,
  type ExperimentId,
  isTerminal,
  type RunId,
  type Store,
  type TrialId,
} from "@rightsize/core";
import { News } from "./news.ts";

/** One thing a watcher is told: a numbered event, or epochs of a running run. */
export type FeedMessage =
  | { readonly kind: "event"; readonly event: ExperimentEvent }
  | { readonly kind: "epochs"; readonly runId: RunId; readonly trialId: TrialId; readonly epochs: readonly EpochRecord[] };

interface RunningRun {
  readonly runId: RunId;
  readonly trialId: TrialId;
  /** Tells one attempt at a run from the next, whose epochs start again from the first. */
  readonly startedAt: string | null;
  readonly epochs: EpochRecord[];
}

const eventsALook = 500;
const epochsALook = 2000;
/** Messages kept in memory; a watcher that falls further behind reads the store again from its own place. */
const keptMessages = 2000;
const epochsAMessage = 500;

/** Reads what is new when told to look, and keeps it for its watchers; `watch` gives them everything after a sequence number. */
export class ExperimentFeed {
  readonly #store: Store;
  readonly #onEvent: (event: ExperimentEvent) => void;
  readonly #id: ExperimentId;
  /** The last messages; the first of them is number `#start` since the feed began. */
  #messages: FeedMessage[] = [];
  #start = 0;
  #lastSequence: number;
  /** Sequence of the last event there will ever be; null while the experiment goes on. */
  #endsAt: number | null = null;
  #running = new Map<RunId, RunningRun>();
  readonly #news = new News();
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #known = false;

  /** `afterSequence`: events up to this one need not be kept, watchers read them from the store. */
  constructor(store: Store, id: ExperimentId, afterSequence: number, onEvent: (event: ExperimentEvent) => void = () => {}) {
    this.#onEvent = onEvent;
    this.#store = store;
    this.#id = id;
    this.#lastSequence = afterSequence;
  }

  /** Looks for news; calls while a look is under way make one more. Rejects when the store can't be read. */
  look(): Promise<void> {
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return this.#looking;
    }
    const looking = (async () => {
      do {
        this.#lookAgain = false;
        await this.#lookOnce();
      } while (this.#lookAgain);
    })().finally(() => {
      this.#looking = null;
    });
    this.#looking = looking;
    return looking;
  }

  async #lookOnce(): Promise<void> {
    const events = await this.#store.experiments.events(this.#id, this.#lastSequence, eventsALook);
    // Epochs first: a run's last epochs were written before the event that it ended.
    for (const run of this.#running.values()) await this.#readEpochs(run);
    for (const event of events) {
      this.#push({ kind: "event", event });
      this.#onEvent(event);
    }
    this.#lastSequence = events.at(-1)?.sequence ?? this.#lastSequence;
    if (events.length > 0 || !this.#known) await this.#refresh();
    if (events.length === eventsALook) this.#lookAgain = true;
    this.#trim();
    this.#news.tell();
  }

  /** Which runs are running, and whether anything can still come. */
  async #refresh(): Promise<void> {
    const snapshot = await this.#store.experiments.snapshot(this.#id);
    this.#known = true;
    if (snapshot === null) {
      this.#endsAt = this.#lastSequence;
      return;
    }
    if (isTerminal("experiment", snapshot.experiment.state)) this.#endsAt = snapshot.experiment.eventCount;
    const running = new Map<RunId, RunningRun>();
    for (const run of snapshot.runs) {
      if (run.state !== "RUNNING") continue;
      const before = this.#running.get(run.id);
      const same = before !== undefined && before.startedAt === run.startedAt;
      running.set(run.id, same ? before : { runId: run.id, trialId: run.trialId, startedAt: run.startedAt, epochs: [] });
    }
    this.#running = running;
    for (const run of running.values()) await this.#readEpochs(run);
  }

  async #readEpochs(run: RunningRun): Promise<void> {
    for (;;) {
      const fresh = await this.#store.work.epochs(run.runId, run.epochs.at(-1)?.epoch ?? 0, epochsALook);
      if (fresh.length === 0) return;
      run.epochs.push(...fresh);
      for (const message of epochMessages(run, fresh)) this.#push(message);
      if (fresh.length < epochsALook) return;
    }
  }

  #push(message: FeedMessage): void {
    this.#messages.push(message);
  }

  #trim(): void {
    const surplus = this.#messages.length - keptMessages;
    if (surplus <= 0) return;
    this.#messages.splice(0, surplus);
    this.#start += surplus;
  }

  /**
   * Every event after a sequence number, in order and without gaps, with the epochs of running runs from their first; ends
   * after the experiment's last event, or when `signal` aborts.
   */
  async *watch(afterSequence: number, signal: AbortSignal): AsyncGenerator<FeedMessage> {
    let sent = afterSequence;
    let place = this.#start + this.#messages.length;
    let behind = true;
    let known = [...this.#running.values()].map((run) => ({ ...run, epochs: [...run.epochs] }));
    while (!signal.aborted) {
      if (behind) {
        for await (const event of this.#stored(sent)) {
          sent = event.sequence;
          yield { kind: "event", event };
          if (signal.aborted) return;
        }
        for (const run of known) yield* epochMessages(run, run.epochs);
        known = [];
        behind = false;
      }
      if (this.#endsAt !== null && sent >= this.#endsAt) return;
      if (place < this.#start) {
        // Too slow for what is kept: numbered events come from the store again, missed epochs are read through the API.
        place = this.#start + this.#messages.length;
        behind = true;
        continue;
      }
      const message = this.#messages[place - this.#start];
      if (message === undefined) {
        await this.#news.next(signal);
        continue;
      }
      place += 1;
      if (message.kind === "epochs") yield message;
      else if (message.event.sequence > sent) {
        sent = message.event.sequence;
        yield message;
      }
    }
  }

  async *#stored(afterSequence: number): AsyncGenerator<ExperimentEvent> {
    let after = afterSequence;
    for (;;) {
      const events = await this.#store.experiments.events(this.#id, after, eventsALook);
      yield* events;
      after = events.at(-1)?.sequence ?? after;
      if (events.length < eventsALook) return;
    }
  }
}

function* epochMessages(run: RunningRun, epochs: readonly EpochRecord[]): Generator<FeedMessage> {
  for (let first = 0; first < epochs.length; first += epochsAMessage) {
    yield { kind: "epochs", runId: run.runId, trialId: run.trialId, epochs: epochs.slice(first, first + epochsAMessage) };
  }
}
