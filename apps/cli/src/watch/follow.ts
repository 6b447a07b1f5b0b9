/** Follows an experiment to its end: the service's events in, a picture of the whole out after each change. */
import type { Client, StreamMessage } from "@rightsize/client";
import type { DecisionView, EventView, ExperimentView, TrialTable, TrialView } from "@rightsize/contract";
import { isTerminal } from "@rightsize/core";
import { afterEpochs, type RunProgress } from "./run-progress.ts";

/** All that is known of an experiment at a moment. */
export interface Picture {
  readonly experiment: ExperimentView;
  readonly table: TrialTable;
  readonly decisions: readonly DecisionView[];
  /** Runs that are training now, by id. */
  readonly progress: ReadonlyMap<string, RunProgress>;
}

/** What somebody who looks on is told. Each decision and each ended trial is told once, in order. */
export interface Watcher {
  decided(decision: DecisionView, picture: Picture): void;
  trialEnded(trial: TrialView, picture: Picture): void;
  /** Anything changed, progress included. */
  changed(picture: Picture): void;
  reconnecting(): void;
  /** The numbered events and epochs as they arrived, before anything else is told of them: all there are, also of an experiment that is over. */
  received?(messages: readonly StreamMessage[]): void;
}

/** Resolves with the last picture when the experiment is at its end; rejects when `signal` aborts or the service refuses. */
export async function follow(
  client: Client,
  id: string,
  watcher: Watcher,
  options: { readonly signal: AbortSignal; readonly now?: () => number },
): Promise<Picture> {
  const now = options.now ?? (() => performance.now());
  const told = { decisions: 0, started: 0, trials: new Set<string>() };
  const progress = new Map<string, RunProgress>();
  const stream = new AbortController();
  const signal = AbortSignal.any([options.signal, stream.signal]);

  const look = async (): Promise<Picture> => {
    const [experiment, table, { decisions }] = await Promise.all([client.experiment(id), client.trials(id), client.decisions(id)]);
    forgetEndedRuns(progress, table);
    return { experiment, table, decisions, progress };
  };
  // In the order in which things happened, however many came at once: a trial ends after the decision that started it and before the next.
  const tellEnded = (picture: Picture) => {
    for (const trial of picture.table.trials) {
      if (trial.number > told.started || !hasEnded(trial) || told.trials.has(trial.id)) continue;
      told.trials.add(trial.id);
      watcher.trialEnded(trial, picture);
    }
  };
  const tell = (picture: Picture) => {
    for (const decision of picture.decisions.slice(told.decisions)) {
      tellEnded(picture);
      watcher.decided(decision, picture);
      if (decision.action === "START_TRIAL") told.started += 1;
    }
    tellEnded(picture);
    told.decisions = picture.decisions.length;
    watcher.changed(picture);
  };

  // What is seen may be ahead of the events: who wants them all gets them up to the one that tells the end.
  let endTold = watcher.received === undefined;
  const seenEnough = () => endTold && isOver(picture);
  let picture = await look();
  tell(picture);
  try {
    if (seenEnough()) return picture;
    for await (const batch of client.events(id, { signal, onReconnect: () => watcher.reconnecting() })) {
      watcher.received?.(batch);
      for (const message of batch) {
        if (message.kind === "event" && tellsEnd(message.event)) endTold = true;
        if (message.kind !== "epochs") continue;
        const after = afterEpochs(progress.get(message.epochs.runId), message.epochs, now());
        if (after !== undefined) progress.set(message.epochs.runId, after);
      }
      if (batch.some((message) => message.kind === "event")) {
        picture = await look();
        tell(picture);
        if (seenEnough()) return picture;
      } else {
        watcher.changed(picture);
      }
    }
    options.signal.throwIfAborted();
    // Nothing follows: whatever the last event said is seen now.
    picture = await look();
    tell(picture);
    return picture;
  } finally {
    stream.abort();
  }
}

function isOver(picture: Picture): boolean {
  return isTerminal("experiment", picture.experiment.state);
}

function tellsEnd({ kind, data }: EventView): boolean {
  return kind === "experiment.state" && isTerminal("experiment", data.state as ExperimentView["state"]);
}

function hasEnded(trial: TrialView): boolean {
  return isTerminal("trial", trial.state);
}

function forgetEndedRuns(progress: Map<string, RunProgress>, table: TrialTable): void {
  const running = new Set(table.trials.flatMap((trial) => trial.runs.filter((run) => run.state === "RUNNING").map((run) => run.id)));
  for (const [runId, run] of progress) {
    const known = table.trials.some((trial) => trial.id === run.trialId);
    if (known && !running.has(runId)) progress.delete(runId);
  }
}
