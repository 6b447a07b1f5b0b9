/** What the page knows from an experiment's event stream, as a pure reducer: nothing missed, nothing counted twice. */
import type { EpochsMessage, EventView } from "@rightsize/contract";
import { experimentStates, isTerminal } from "@rightsize/core";
import type { Connection } from "./held-stream.ts";

export type EpochView = EpochsMessage["epochs"][number];

/** What an event may have changed, so that only that is fetched again. */
export const resources = ["experiment", "trials", "decisions"] as const;
export type Resource = (typeof resources)[number];

export interface LiveState {
  /** Sequence of the last event that is known; the stream resumes after it. */
  readonly lastSequence: number;
  readonly connection: Connection;
  /** An event said that the experiment is at its end: a stream that closes now need not be opened again. */
  readonly over: boolean;
  /** How often each resource became stale; whoever fetches remembers the count it fetched at. */
  readonly stale: Readonly<Record<Resource, number>>;
  /** Epochs by run, ordered by epoch, each once. */
  readonly epochs: Readonly<Record<string, readonly EpochView[]>>;
  /** The latest events, newest last, at most `keptEvents`. */
  readonly events: readonly EventView[];
  /** Times that a sequence number was skipped; each one makes everything stale. */
  readonly gapCount: number;
  readonly reconnectCount: number;
}

export const keptEvents = 200;
const endStates: ReadonlySet<string> = new Set(experimentStates.filter((state) => isTerminal("experiment", state)));

export type LiveAction =
  | { readonly kind: "connecting" }
  | { readonly kind: "opened" }
  | { readonly kind: "lost" }
  | { readonly kind: "ended" }
  | { readonly kind: "refused" }
  | { readonly kind: "event"; readonly event: EventView }
  | { readonly kind: "epochs"; readonly runId: string; readonly epochs: readonly EpochView[] };

/** The state before the stream opens, for a page that was loaded after `lastSequence` events. */
export function liveStart(lastSequence: number): LiveState {
  return {
    lastSequence,
    connection: "connecting",
    over: false,
    stale: { experiment: 0, trials: 0, decisions: 0 },
    epochs: {},
    events: [],
    gapCount: 0,
    reconnectCount: 0,
  };
}

/** What an event of a kind changes. A kind that this page does not know changes everything. */
export function changedBy(kind: string): readonly Resource[] {
  switch (kind) {
    case "experiment.created":
    case "experiment.state":
      return ["experiment", "trials"];
    case "trial.started":
    case "trial.completed":
    case "trial.failed":
    case "run.started":
    case "run.requeued":
    case "run.ended":
      return ["trials"];
    case "decision.made":
      return ["trials", "decisions"];
    case "answer.ready":
      return ["experiment", "trials"];
    default:
      return resources;
  }
}

/** One step of the page's knowledge. Events may come twice (after a reconnect) and are then ignored. */
export function reduceLive(state: LiveState, action: LiveAction): LiveState {
  switch (action.kind) {
    case "connecting":
      return state.connection === "ended" ? state : { ...state, connection: "connecting" };
    case "refused":
      return { ...state, connection: "refused" };
    case "opened":
      return { ...state, connection: "open" };
    case "lost":
      return { ...state, connection: "waiting", reconnectCount: state.reconnectCount + 1 };
    case "ended":
      return { ...state, connection: "ended" };
    case "epochs":
      return { ...state, epochs: { ...state.epochs, [action.runId]: mergeEpochs(state.epochs[action.runId] ?? [], action.epochs) } };
    case "event":
      return withEvent(state, action.event);
    default:
      return action satisfies never;
  }
}

function withEvent(state: LiveState, event: EventView): LiveState {
  if (event.sequence <= state.lastSequence) return state;
  const gap = event.sequence > state.lastSequence + 1;
  const stale = { ...state.stale };
  for (const resource of gap ? resources : changedBy(event.kind)) stale[resource] += 1;
  const { runId } = event.data;
  // A requeued run is trained again from its first epoch, by another worker: its old epochs would only mislead.
  const epochs =
    event.kind === "run.requeued" && typeof runId === "string"
      ? Object.fromEntries(Object.entries(state.epochs).filter(([id]) => id !== runId))
      : state.epochs;
  return {
    ...state,
    lastSequence: event.sequence,
    over: state.over || (event.kind === "experiment.state" && endStates.has(String(event.data.state))),
    stale,
    epochs,
    gapCount: state.gapCount + (gap ? 1 : 0),
    events: [...state.events, event].slice(-keptEvents),
  };
}

/** Epochs by number, ascending; one that comes again replaces the one that is known. */
export function mergeEpochs(known: readonly EpochView[], come: readonly EpochView[]): readonly EpochView[] {
  const last = known.at(-1);
  const firstCome = come[0];
  if (firstCome === undefined) return known;
  if (last === undefined || firstCome.epoch > last.epoch) return [...known, ...come];
  const byEpoch = new Map(known.map((epoch) => [epoch.epoch, epoch]));
  for (const epoch of come) byEpoch.set(epoch.epoch, epoch);
  return [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch);
}
