/** Keeps one experiment's records fresh: loads them once, then fetches again only what an event says has changed. */
import type { DecisionView, ExperimentView, Problem, TrialTable } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { ApiProblem, api, asProblem, authorisation } from "./api-client.ts";
import { type LiveAction, type LiveState, liveStart, type Resource, reduceLive, resources } from "./live.ts";
import { connectLive, type LiveOptions } from "./live-connection.ts";

export interface FeedState {
  readonly experiment: ExperimentView | null;
  readonly table: TrialTable | null;
  readonly decisions: readonly DecisionView[] | null;
  readonly live: LiveState;
  /** Why the page can't be shown, or no longer be kept fresh; null while it can. */
  readonly problem: Problem | null;
}

export interface Feed {
  state(): FeedState;
  subscribe(listener: () => void): () => void;
  /** Fetches everything again (after an action of the user). */
  refresh(): void;
  close(): void;
}

type Reader = Pick<typeof api, "experiment" | "trials" | "decisions" | "eventsPath">;
export interface FeedDependencies {
  readonly reader: Reader;
  readonly connect: (options: LiveOptions) => () => void;
  /** Milliseconds between two notices to the page, so that a burst of epochs is one drawing. */
  readonly noticeMs: number;
  readonly retryMs: number;
}

const defaults: FeedDependencies = { reader: api, connect: connectLive, noticeMs: 40, retryMs: 1_000 };

/** Opens the feed of an experiment; close it when the page leaves. */
export function openFeed(id: string, { reader, connect, noticeMs, retryMs }: FeedDependencies = defaults): Feed {
  let state: FeedState = { experiment: null, table: null, decisions: null, live: liveStart(0), problem: null };
  let closed = false;
  let disconnect = () => {};
  let notice: ReturnType<typeof setTimeout> | null = null;
  const listeners = new Set<() => void>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const fetchedAt: Record<Resource, number> = { experiment: 0, trials: 0, decisions: 0 };
  const inFlight = new Set<Resource>();

  const change = (part: Partial<FeedState>) => {
    if (closed) return;
    state = { ...state, ...part };
    notice ??= setTimeout(() => {
      notice = null;
      for (const listener of listeners) listener();
    }, noticeMs);
  };
  const later = (work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!closed) work();
    }, retryMs);
    timers.add(timer);
  };

  const read: Record<Resource, () => Promise<void>> = {
    experiment: async () => change({ experiment: await reader.experiment(id) }),
    trials: async () => change({ table: await reader.trials(id) }),
    decisions: async () => change({ decisions: (await reader.decisions(id)).decisions }),
  };
  /** Fetches a stale resource; what became stale meanwhile is fetched once more, what failed is tried again. */
  const freshen = (resource: Resource) => {
    const wanted = state.live.stale[resource];
    if (closed || inFlight.has(resource) || fetchedAt[resource] >= wanted) return;
    inFlight.add(resource);
    read[resource]()
      .then(
        () => {
          fetchedAt[resource] = wanted;
          inFlight.delete(resource);
          freshen(resource);
        },
        (error: unknown) => {
          inFlight.delete(resource);
          if (passes(error)) later(() => freshen(resource));
          else change({ problem: asProblem(error) });
        },
      )
      .catch(() => {});
  };
  const dispatch = (action: LiveAction) => {
    change({ live: reduceLive(state.live, action) });
    // The experiment's own answer says why the stream was refused (a key that is no longer good, for which the page asks anew).
    if (action.kind === "refused") return refresh();
    for (const resource of resources) freshen(resource);
  };
  const refresh = () => {
    const stale = { ...state.live.stale };
    for (const resource of resources) stale[resource] += 1;
    change({ live: { ...state.live, stale } });
    for (const resource of resources) freshen(resource);
  };

  const start = async () => {
    try {
      // First the experiment and its event count, then the rest: an event between the two is then replayed, never missed.
      const experiment = await reader.experiment(id);
      if (closed) return;
      state = { ...state, live: { ...liveStart(experiment.eventCount) } };
      const [table, list] = await Promise.all([reader.trials(id), reader.decisions(id)]);
      if (closed) return;
      change({ experiment, table, decisions: list.decisions, problem: null });
      if (isTerminal("experiment", experiment.state)) return dispatch({ kind: "ended" });
      disconnect = connect({
        url: reader.eventsPath(id),
        headers: authorisation,
        lastSequence: () => state.live.lastSequence,
        isOver: () => state.live.over || (state.experiment !== null && isTerminal("experiment", state.experiment.state)),
        dispatch,
      });
    } catch (error) {
      change({ problem: asProblem(error) });
      if (passes(error)) later(() => void start());
    }
  };
  void start();

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    close() {
      closed = true;
      disconnect();
      if (notice !== null) clearTimeout(notice);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Whether the same question may be answered a moment later; a refusal of the question itself stays one. */
function passes(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return true;
  const { status } = error.problem;
  return status === 0 || status === 429 || status >= 500;
}
