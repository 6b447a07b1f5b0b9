/** What changes in the whole service, for those who watch lists: read once from the store however many watch. */
import { randomUUID } from "node:crypto";
import {
  type Experiment,
  type ExperimentId,
  type ExperimentState,
  experimentStates,
  isTerminal,
  type OwnerId,
  type Store,
  type WorkerRecord,
} from "@rightsize/core";
import type { FastifyBaseLogger } from "fastify";
import { News } from "./news.ts";
import { type Change, OwnerChanges } from "./owner-changes.ts";

export type ServiceMessage =
  | Change
  | { readonly kind: "open"; readonly resumed: boolean }
  | { readonly kind: "workers"; readonly workers: readonly WorkerRecord[] };
export interface PlacedMessage {
  /** Where a watcher resumes who has this and everything before it. */
  readonly place: string;
  readonly message: ServiceMessage;
}

export interface ServiceFeeds {
  /** First `open`, then every change of the owner's experiments after `place` (null: from now on), with the workers; until `signal` aborts. */
  watch(
    owner: OwnerId,
    place: string | null,
    topics: { experiments: boolean; workers: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<PlacedMessage>;
  /** Tells the owner's watchers of a deletion, which leaves nothing to read. */
  gone(owner: OwnerId, id: ExperimentId): void;
  watcherCount(): number;
  close(): Promise<void>;
}

/** Signals that come together are looked at together, in milliseconds. */
const gatherMs = 100;
/** How long changes are kept for an owner's watchers who may come back, in milliseconds. */
const keptMs = 60_000;
const openStates: readonly ExperimentState[] = experimentStates.filter((state) => !isTerminal("experiment", state));
const aLook = 200;

export async function openServiceFeeds(
  store: Store,
  options: { readonly lookMs: number; readonly log: FastifyBaseLogger },
): Promise<ServiceFeeds> {
  const owners = new Map<OwnerId, OwnerChanges>();
  const news = new News();
  const signalled = new Set<ExperimentId>();
  let workers: { readonly text: string; readonly list: readonly WorkerRecord[] } = { text: "", list: [] };
  let watching = 0;
  let watchingWorkers = 0;
  let looking: Promise<void> | null = null;
  let gathering: NodeJS.Timeout | undefined;

  async function tell(ids: readonly ExperimentId[]): Promise<void> {
    const changed: Experiment[] = [];
    for (const id of ids) {
      const experiment = await store.experiments.find(null, id);
      if (experiment !== null && owners.get(experiment.owner)?.knows(experiment) === false) changed.push(experiment);
    }
    if (changed.length === 0) return;
    // Trials are read after their experiments: what is newer than its event count is told once more by its own signal, nothing too old ever.
    const trials = await store.experiments.summaries(changed.map(({ id }) => id));
    for (const experiment of changed)
      owners.get(experiment.owner)?.add({ kind: "experiment", experiment, trials: trials.get(experiment.id) ?? [] });
  }

  /** Without signals: what is open or new of each owner, in case a signal was lost. */
  async function lookAround(owner: OwnerId, changes: OwnerChanges, first: boolean): Promise<void> {
    const [open, newest] = await Promise.all([
      store.experiments.list(owner, { limit: aLook, cursor: null, states: openStates }),
      store.experiments.list(owner, { limit: 50, cursor: null }),
    ]);
    const found = [...open.items, ...newest.items];
    if (first) for (const experiment of found) changes.know(experiment);
    const ended = changes.openIds().filter((id) => !open.items.some((experiment) => experiment.id === id));
    await tell([...new Set([...found.filter((experiment) => !changes.knows(experiment)).map(({ id }) => id), ...ended])]);
    changes.setOpen(open.items.map(({ id }) => id));
  }

  async function lookAtWorkers(): Promise<void> {
    const list = await store.workers.list();
    const text = JSON.stringify(list);
    if (text !== workers.text) workers = { text, list };
  }

  async function look(around: boolean): Promise<void> {
    // One look at a time, each seeing all that was signalled before it.
    while (looking !== null) await looking;
    const ids = [...signalled];
    signalled.clear();
    looking = (async () => {
      try {
        if (watchingWorkers > 0) await lookAtWorkers();
        if (ids.length > 0) await tell(ids);
        if (around) for (const [owner, changes] of owners) await lookAround(owner, changes, false);
      } catch (error) {
        // Watchers stay; what was signalled is looked at again.
        for (const id of ids) signalled.add(id);
        options.log.warn({ err: error }, "the service's events can't be read at the moment");
      }
    })();
    await looking;
    looking = null;
    news.tell();
  }

  const unsubscribe = await store.subscribe((signal) => {
    if (signal.kind !== "experiment" || owners.size === 0) return;
    signalled.add(signal.id);
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void look(false);
    }, gatherMs);
  });
  const timer = setInterval(() => {
    for (const [owner, { watchers, leftAtMs }] of owners) {
      if (watchers === 0 && performance.now() - leftAtMs > keptMs) owners.delete(owner);
    }
    if (watching > 0) void look(true);
  }, options.lookMs);
  timer.unref();

  async function* watch(...[owner, place, topics, signal]: Parameters<ServiceFeeds["watch"]>): AsyncGenerator<PlacedMessage> {
    const before = owners.get(owner);
    const changes = before ?? new OwnerChanges(randomUUID().slice(0, 8));
    owners.set(owner, changes);
    // Counted before anything is waited for: what nobody watches is forgotten.
    changes.watchers += 1;
    watching += 1;
    if (topics.workers) watchingWorkers += 1;
    try {
      if (before === undefined) await lookAround(owner, changes, true);
      if (topics.workers) await lookAtWorkers();
      const resumedAt = place === null ? null : changes.numberAt(place);
      let at = resumedAt ?? changes.last;
      let toldWorkers = "";
      yield { place: changes.place(at), message: { kind: "open", resumed: resumedAt !== null } };
      while (!signal.aborted) {
        const told = topics.experiments ? changes.after(at) : [];
        if (told === null) {
          at = changes.last;
          yield { place: changes.place(at), message: { kind: "open", resumed: false } };
          continue;
        }
        for (const { number, change } of told) {
          at = number;
          yield { place: changes.place(number), message: change };
        }
        if (topics.workers && workers.text !== toldWorkers) {
          toldWorkers = workers.text;
          yield { place: changes.place(at), message: { kind: "workers", workers: workers.list } };
          continue;
        }
        if (told.length === 0) await news.next(signal);
      }
    } finally {
      changes.watchers -= 1;
      changes.leftAtMs = performance.now();
      watching -= 1;
      if (topics.workers) watchingWorkers -= 1;
    }
  }

  return {
    watch,
    gone(owner, id) {
      owners.get(owner)?.add({ kind: "gone", id });
      news.tell();
    },
    watcherCount: () => watching,
    async close() {
      clearInterval(timer);
      clearTimeout(gathering);
      await unsubscribe();
    },
  };
}
