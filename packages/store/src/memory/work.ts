/** Assignments in memory; the twin of postgres/work.ts, with leases on the injected clock. */
import { type AttemptRef, type EpochRecord, type Experiment, isTerminal, RightsizeError, type WorkStore } from "@rightsize/core";
import { distinctEpochs, eventOf, foreignRun, isUnasked, plain, staleAttempt, unfinishedRuns } from "../rules.ts";
import { thinOut } from "../thin-out.ts";
import { endAssignment, named, unfinishedRunsOf } from "./assignments.ts";
import { claim } from "./claim.ts";
import { reconcile } from "./reconcile.ts";
import {
  type AssignmentRow,
  type Change,
  dropCheckpoints,
  type EpochRow,
  isAsked,
  noteUnneeded,
  type RunRow,
  runsWhere,
  type State,
  setRun,
} from "./state.ts";
import { sweepOf } from "./sweep.ts";
import { memoryTrainedRuns } from "./trained-runs.ts";
import { memoryWorkFigures } from "./work-figures.ts";

export function memoryWork(state: State): WorkStore {
  function fenced<Result>(write: (change: Change) => Result): Result {
    try {
      return state.change(write);
    } catch (error) {
      if (error instanceof RightsizeError && error.code === "stale_attempt") state.staleWrites++;
      throw error;
    }
  }

  /** The assignment while this attempt holds it. */
  function heldBy(ref: AttemptRef): AssignmentRow | null {
    const assignment = state.assignments.get(ref.assignmentId);
    return assignment?.attempt === ref.attempt && assignment.state === "RUNNING" ? assignment : null;
  }
  function whyStale(ref: AttemptRef): RightsizeError {
    const row = state.assignments.get(ref.assignmentId);
    return staleAttempt(ref, row ? `it is ${row.state} at attempt ${row.attempt}` : "there is no such assignment");
  }
  function runOf(ref: AttemptRef, runId: string): RunRow {
    const row = state.runs.get(runId);
    if (row?.run.assignmentId !== ref.assignmentId) throw foreignRun(ref, [runId]);
    return row;
  }

  function epochsOf(runId: string): EpochRecord[] {
    return [...(state.epochs.get(runId)?.values() ?? [])].map((row) => row.record).sort((a, b) => a.epoch - b.epoch);
  }
  const sweepCheckpoints = sweepOf(state, () => state.unneededCheckpoints.values(), state.unneededCheckpoints);

  return {
    async claim(request) {
      return state.change((change) => claim(state, change, request));
    },

    async heartbeat(ref, leaseMs) {
      return fenced((change) => {
        const held = heldBy(ref);
        if (held) {
          state.assignments.set(held.id, { ...held, leaseUntilMs: change.timeMs + leaseMs });
          return isTerminal("experiment", (state.experiments.get(held.experimentId) as Experiment).state) ? "cancel" : "continue";
        }
        const row = state.assignments.get(ref.assignmentId);
        if (row?.attempt === ref.attempt && row.state !== "QUEUED") return "cancel";
        throw whyStale(ref);
      });
    },

    async appendEpochs(ref, epochs) {
      fenced((change) => {
        const batch = distinctEpochs(epochs);
        if (batch.length === 0) return;
        const held = heldBy(ref);
        if (!held) throw whyStale(ref);
        const foreign = batch.map((epoch) => epoch.runId).filter((id) => state.runs.get(id)?.run.assignmentId !== ref.assignmentId);
        if (foreign.length > 0) throw foreignRun(ref, [...new Set(foreign)]);
        for (const runId of new Set(batch.map((epoch) => epoch.runId))) {
          const rows = new Map<number, EpochRow>(state.epochs.get(runId));
          for (const record of batch) {
            if (record.runId !== runId) continue;
            if ((rows.get(record.epoch)?.attempt ?? 0) < ref.attempt) rows.set(record.epoch, { record, attempt: ref.attempt });
          }
          state.epochs.set(runId, rows);
          setRun(state, runId, { epochs: Math.max(...rows.keys()) });
        }
        change.signal({ kind: "epochs", id: held.experimentId });
      });
    },

    async recordCheckpoint(ref, { runId, artifact, epoch }) {
      fenced(() => {
        if (!heldBy(ref)) throw whyStale(ref);
        const { run, checkpoints } = runOf(ref, runId);
        const [newest, previous] = checkpoints;
        if (newest?.artifact === artifact) return;
        const newer = newest === undefined || newest.attempt < ref.attempt || (newest.attempt === ref.attempt && newest.epoch <= epoch);
        if (run.state !== "RUNNING" || !newer) return noteUnneeded(state, [artifact]);
        if (previous) noteUnneeded(state, [previous.artifact]);
        setRun(state, runId, {}, { checkpoints: [{ artifact, attempt: ref.attempt, epoch }, ...(newest ? [newest] : [])] });
      });
    },

    async sweepCheckpoints(limit, remove) {
      return (await sweepCheckpoints(limit, remove)).removed;
    },

    async completeRun(ref, runId, outcome) {
      fenced((change) => {
        const held = heldBy(ref);
        const row = state.runs.get(runId);
        const result = plain(outcome.result);
        if (!held || row?.run.assignmentId !== ref.assignmentId || row.run.state !== "RUNNING") {
          const same =
            row?.run.assignmentId === ref.assignmentId &&
            row.run.state === outcome.state &&
            row.endedBy === ref.attempt &&
            JSON.stringify(row.run.result) === JSON.stringify(result);
          if (same) return;
          throw whyStale(ref);
        }
        const epochs = new Map(
          [...(state.epochs.get(runId) ?? [])].filter(([epoch, at]) => epoch <= result.epochs || at.attempt === ref.attempt),
        );
        state.epochs.set(runId, epochs);
        setRun(
          state,
          runId,
          {
            state: outcome.state,
            result,
            endedAt: change.time,
            epochs: Math.max(0, ...epochs.keys()),
            reusedFrom: outcome.reusedFrom ?? null,
          },
          { endedBy: ref.attempt },
        );
        dropCheckpoints(state, [runId]);
        if (isAsked(row.run)) change.event(held.experimentId, eventOf.runEnded(named(state, row.run), outcome.state, result));
        if (outcome.answer) {
          const experiment = state.experiments.get(held.experimentId) as Experiment;
          state.experiments.set(experiment.id, { ...experiment, answer: plain(outcome.answer) });
        }
      });
    },

    async endAttempt(ref, end, detail) {
      fenced((change) => {
        const held = heldBy(ref);
        if (!held) {
          const row = state.assignments.get(ref.assignmentId);
          const ended = state.attempts.get(`${ref.assignmentId} ${ref.attempt}`)?.end;
          const cancelled = ended === "cancelled" && (row?.state === "CANCELLED" || row?.state === "FAILED");
          if (row?.attempt === ref.attempt && (ended === end || cancelled)) return;
          throw whyStale(ref);
        }
        const unfinished = unfinishedRunsOf(state, held.id);
        if (end === "completed" && unfinished.length > 0) {
          throw unfinishedRuns(
            ref,
            unfinished.map((run) => run.id),
          );
        }
        endAssignment(state, change, held, unfinished, end, detail);
      });
    },

    async reconcile(limits) {
      return reconcile(state, limits);
    },

    async attempts(experimentId) {
      return state.attempts
        .values()
        .filter((attempt) => state.assignments.get(attempt.assignmentId)?.experimentId === experimentId)
        .sort(
          (a, b) =>
            (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0) ||
            (a.assignmentId < b.assignmentId ? -1 : a.assignmentId > b.assignmentId ? 1 : 0) ||
            a.number - b.number,
        );
    },

    async epochs(runId, afterEpoch, limit) {
      return epochsOf(runId)
        .filter((record) => record.epoch > afterEpoch)
        .slice(0, limit);
    },

    async curve(runId, points) {
      return thinOut(epochsOf(runId), points);
    },

    ...memoryWorkFigures(state),
    trainedRuns: memoryTrainedRuns(state),

    async findTrial(id) {
      const trial = state.trials.get(id);
      if (trial === undefined || trial.number === null) return null;
      const experiment = state.experiments.get(trial.experimentId) as Experiment;
      return { experiment, trial, runs: runsWhere(state, (run) => run.trialId === id).filter(isAsked) };
    },

    async speculativeAmong(ids) {
      return ids.filter((id) => {
        const row = state.assignments.get(id);
        return row !== undefined && isUnasked(row);
      });
    },
  };
}
