/** Everything the in-memory twin knows, and how it is changed: one change at a time, all or nothing, events and signals as in Postgres. */
import type {
  ApiKey,
  Attempt,
  Dataset,
  EpochRecord,
  Experiment,
  ExperimentEvent,
  ExperimentId,
  ExperimentSnapshot,
  NewEvent,
  Run,
  Sha256,
  Signal,
  SpeculativeRun,
  StoredDecision,
  Trial,
  WorkerRecord,
} from "@rightsize/core";
import { plain } from "../rules.ts";
import { type Journal, Table } from "./tables.ts";

export type AssignmentState = "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";
export interface AssignmentRow {
  readonly id: string;
  readonly experimentId: ExperimentId;
  readonly trialId: Trial["id"];
  readonly priority: number;
  readonly state: AssignmentState;
  readonly attempt: number;
  readonly workerId: string | null;
  readonly leaseUntilMs: number | null;
  readonly dispatchedAtMs: number;
  readonly speculative: boolean;
  /** As in the table of Postgres. */
  readonly adoptedAt: number | null;
}
export type AnyRun = Run | SpeculativeRun;
export interface RunRow {
  readonly run: AnyRun;
  readonly endedBy: number | null;
  /** The last two, newest first. */
  readonly checkpoints: readonly { readonly artifact: Sha256; readonly attempt: number; readonly epoch: number }[];
}
export interface OutboxRow {
  readonly assignmentId: string;
  readonly dispatch: number;
  readonly priority: number;
}
export interface EpochRow {
  readonly record: EpochRecord;
  readonly attempt: number;
}

/** One change of the state; its events are numbered and its signals given when it is done. */
export interface Change {
  readonly timeMs: number;
  readonly time: string;
  event(experimentId: ExperimentId, event: NewEvent): void;
  signal(signal: Signal): void;
}

export interface State {
  readonly datasets: Table<Dataset>;
  readonly experiments: Table<Experiment>;
  readonly idempotency: Table<{ readonly experimentId: ExperimentId; readonly requestHash: Sha256 }>;
  readonly trials: Table<Trial>;
  readonly runs: Table<RunRow>;
  readonly assignments: Table<AssignmentRow>;
  readonly attempts: Table<Attempt>;
  readonly epochs: Table<ReadonlyMap<number, EpochRow>>;
  readonly decisions: Table<readonly StoredDecision[]>;
  readonly events: Table<readonly ExperimentEvent[]>;
  readonly outbox: Table<OutboxRow>;
  /** Checkpoints that their run needs no more, by artifact. */
  readonly unneededCheckpoints: Table<Sha256>;
  /** What deleted experiments left while others on the same dataset were open. */
  readonly leftArtifacts: Table<{ readonly artifact: Sha256; readonly dataset: Sha256 }>;
  readonly keys: Table<{ readonly key: ApiKey; readonly hash: Sha256 }>;
  readonly workers: Table<Omit<WorkerRecord, "live" | "running" | "doing" | "recent">>;
  readonly listeners: Set<(signal: Signal) => void>;
  staleWrites: number;
  now(): number;
  change<Result>(work: (change: Change) => Result): Result;
}

export function newState(now: () => number): State {
  const journal: Journal = [];
  const table = <Row>() => new Table<Row>(journal);
  const state: State = {
    datasets: table(),
    experiments: table(),
    idempotency: table(),
    trials: table(),
    runs: table(),
    assignments: table(),
    attempts: table(),
    epochs: table(),
    decisions: table(),
    events: table(),
    outbox: table(),
    unneededCheckpoints: table(),
    leftArtifacts: table(),
    keys: table(),
    workers: table(),
    listeners: new Set(),
    staleWrites: 0,
    now,
    change(work) {
      journal.length = 0;
      const timeMs = now();
      const time = new Date(timeMs).toISOString();
      const signals = new Map<string, Signal>();
      try {
        const result = work({
          timeMs,
          time,
          event(experimentId, event) {
            const experiment = state.experiments.get(experimentId) as Experiment;
            const sequence = experiment.eventCount + 1;
            state.experiments.set(experimentId, { ...experiment, eventCount: sequence });
            const before = state.events.get(experimentId) ?? [];
            state.events.set(experimentId, [...before, { experimentId, sequence, createdAt: time, ...plain(event) }]);
            signals.set(`x ${experimentId}`, { kind: "experiment", id: experimentId });
          },
          signal(signal) {
            signals.set(`${signal.kind} ${"id" in signal ? signal.id : ""}`, signal);
          },
        });
        // Persist first, notify after: listeners run when the caller's change is done.
        for (const signal of signals.values()) for (const listener of state.listeners) queueMicrotask(() => listener(signal));
        return result;
      } catch (error) {
        for (const takeBack of journal.reverse()) takeBack();
        throw error;
      } finally {
        journal.length = 0;
      }
    },
  };
  return state;
}

const byTextThen = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Newest first, as lists show them. */
export const newestFirst = (a: { createdAt: string; id: string }, b: { createdAt: string; id: string }) =>
  byTextThen(b.createdAt, a.createdAt) || byTextThen(b.id, a.id);

/** Runs in the order they were asked for, those that nobody asked for at the end. */
export const inAskedOrder = (a: AnyRun, b: AnyRun) =>
  placeOf(a.decision) - placeOf(b.decision) || placeOf(a.position) - placeOf(b.position) || byTextThen(a.id, b.id);
const placeOf = (number: number | null) => number ?? Number.MAX_SAFE_INTEGER;

export const isAsked = (run: AnyRun): run is Run => run.decision !== null;

export function runsWhere(state: State, wanted: (run: AnyRun) => boolean): AnyRun[] {
  return state.runs
    .values()
    .map((row) => row.run)
    .filter(wanted)
    .sort(inAskedOrder);
}

export function snapshotOf(state: State, id: ExperimentId): ExperimentSnapshot | null {
  const experiment = state.experiments.get(id);
  if (experiment === undefined) return null;
  const trials = state.trials
    .values()
    .filter((trial) => trial.experimentId === id)
    .sort((a, b) => placeOf(a.number) - placeOf(b.number) || byTextThen(a.createdAt, b.createdAt) || byTextThen(a.id, b.id));
  const runs = runsWhere(state, (run) => run.experimentId === id);
  return {
    experiment,
    decisions: state.decisions.get(id) ?? [],
    trials: trials.filter(({ number }) => number !== null),
    runs: runs.filter(isAsked),
    speculative: {
      trials: trials.filter(({ number }) => number === null),
      runs: runs.filter((run): run is SpeculativeRun => !isAsked(run)),
    },
  };
}

/** Replaces a run's members. */
export function setRun(state: State, id: string, change: Partial<AnyRun>, rest: Partial<Omit<RunRow, "run">> = {}): void {
  const row = state.runs.get(id) as RunRow;
  state.runs.set(id, { ...row, ...rest, run: { ...row.run, ...change } as AnyRun });
}

/** Notes checkpoints that their run needs no more. */
export function noteUnneeded(state: State, artifacts: readonly Sha256[]): void {
  for (const artifact of artifacts) state.unneededCheckpoints.set(artifact, artifact);
}

/** Runs that have ended need none. */
export function dropCheckpoints(state: State, runIds: readonly string[]): void {
  for (const id of runIds) {
    const { checkpoints } = state.runs.get(id) as RunRow;
    noteUnneeded(
      state,
      checkpoints.map(({ artifact }) => artifact),
    );
    setRun(state, id, {}, { checkpoints: [] });
  }
}
