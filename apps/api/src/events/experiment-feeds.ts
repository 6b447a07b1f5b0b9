/** The feeds that somebody watches: woken by the store's signals, and looking by themselves now and then. */
import type { Experiment, ExperimentEvent, ExperimentId, Store } from "@rightsize/core";
import type { FastifyBaseLogger } from "fastify";
import { ExperimentFeed, type FeedMessage } from "./experiment-feed.ts";

interface OpenFeed {
  readonly feed: ExperimentFeed;
  watchers: number;
}

export interface ExperimentFeeds {
  /** Everything after a sequence number; ends after the experiment's last event or when `signal` aborts. */
  watch(experiment: Experiment, afterSequence: number, signal: AbortSignal): AsyncGenerator<FeedMessage>;
  watcherCount(): number;
  close(): Promise<void>;
}

export async function openExperimentFeeds(
  store: Store,
  options: {
    readonly lookMs: number;
    readonly log: FastifyBaseLogger;
    /** Called with each event that somebody waits for, as it is read. */
    readonly onEvent?: (event: ExperimentEvent) => void;
  },
): Promise<ExperimentFeeds> {
  const open = new Map<ExperimentId, OpenFeed>();

  const look = ({ feed }: OpenFeed, id: ExperimentId) => {
    // A store that can't be reached is tried again at the next look: watchers stay connected and miss nothing.
    feed.look().catch((error: unknown) => options.log.warn({ err: error, experiment: id }, "events can't be read at the moment"));
  };
  const unsubscribe = await store.subscribe((signal) => {
    if (signal.kind === "outbox") return;
    const found = open.get(signal.id);
    if (found) look(found, signal.id);
  });
  const timer = setInterval(() => {
    for (const [id, found] of open) look(found, id);
  }, options.lookMs);
  timer.unref();

  async function* watch(experiment: Experiment, afterSequence: number, signal: AbortSignal): AsyncGenerator<FeedMessage> {
    const { id } = experiment;
    let found = open.get(id);
    if (found === undefined) {
      found = { feed: new ExperimentFeed(store, id, experiment.eventCount, options.onEvent), watchers: 0 };
      open.set(id, found);
    }
    found.watchers += 1;
    try {
      await found.feed.look();
      yield* found.feed.watch(afterSequence, signal);
    } finally {
      found.watchers -= 1;
      if (found.watchers === 0 && open.get(id) === found) open.delete(id);
    }
  }

  return {
    watch,
    watcherCount: () => [...open.values()].reduce((sum, { watchers }) => sum + watchers, 0),
    async close() {
      clearInterval(timer);
      await unsubscribe();
    },
  };
}
