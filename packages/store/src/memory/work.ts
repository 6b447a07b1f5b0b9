/** Assignments in memory; the twin of postgres/work.ts, claim.ts and reconcile.ts, with leases on the injected clock. */
import {
  type AssignmentId,
  type AttemptRef,
  type Claim,
  type EpochRecord,
  type Experiment,
  type ExperimentId,
  isTerminal,
  type Refusal,
  RightsizeError,
  type Trial,
  type WorkStore,
} from "@rightsize/core";
import {
  crashLimitReason,
  dispatchingStates,
  distinctEpochs,
  eventOf,
  foreignRun,
  isUnasked,
  noRuns,
  plain,
  staleAttempt,
  unfinishedRuns,
} from "../rules.ts";
import { thinOut } from "../thin-out.ts";
import { dispatch, endAssignment, failAssignment, named, unfinishedRunsOf } from "./assignments.ts";
import {
  type AnyRun,
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
      const changed = new Set<ExperimentId>();
      state.change((change) => {
        for (const assignment of state.assignments.values()) {
          if (settle(state, change, assignment, limits.crashLimit)) changed.add(assignment.experimentId);
        }
        for (const assignment of state.assignments.values()) {
          const experiment = state.experiments.get(assignment.experimentId) as Experiment;
          const old = assignment.dispatchedAtMs < change.timeMs - limits.redispatchMs;
          if (old && dispatchingStates.includes(experiment.state)) dispatch(state, change, [assignment.id]);
        }
      });
      return [...changed];
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

    async speculationUse(experimentId) {
      const use = { adoptedRuns: 0, unusedRuns: 0, adoptedMs: 0, unusedMs: 0 };
      for (const row of state.assignments.values()) {
        if (!row.speculative || (experimentId !== null && row.experimentId !== experimentId)) continue;
        for (const run of runsWhere(state, ({ assignmentId }) => assignmentId === row.id))
          use[isAsked(run) ? "adoptedRuns" : "unusedRuns"]++;
        for (const attempt of state.attempts.values().filter(({ assignmentId }) => assignmentId === row.id)) {
          const end = Math.min(
            attempt.endedAt === null ? state.now() : Date.parse(attempt.endedAt),
            row.adoptedAt ?? Number.POSITIVE_INFINITY,
          );
          use[row.adoptedAt === null ? "unusedMs" : "adoptedMs"] += Math.max(0, end - Date.parse(attempt.startedAt));
        }
      }
      return use;
    },

    async runCounts() {
      const counts = { ...noRuns };
      for (const { run } of state.runs.values()) counts[run.state]++;
      return counts;
    },

    async pace() {
      const since = state.now() - 60_000;
      const ended = state.runs.values().filter(({ run }) => run.endedAt !== null && Date.parse(run.endedAt) > since);
      const attempts = state.attempts.values();
      const gaps = attempts
        .filter(({ startedAt }) => Date.parse(startedAt) > since)
        .map((attempt) => {
          const before = attempts.filter((other) => other.workerId === attempt.workerId && other !== attempt && other.endedAt !== null);
          const ends = before.map(({ endedAt }) => Date.parse(endedAt as string)).filter((end) => end <= Date.parse(attempt.startedAt));
          return Date.parse(attempt.startedAt) - Math.max(...ends);
        })
        .filter(Number.isFinite)
        .sort((a, b) => a - b);
      return {
        epochsPerSecond: ended.reduce((sum, { run }) => sum + run.epochs, 0) / 60,
        slotGapMs: gaps.length === 0 ? null : ((gaps[(gaps.length - 1) >> 1] as number) + (gaps[gaps.length >> 1] as number)) / 2,
      };
    },

    async staleWriteCount() {
      return state.staleWrites;
    },
  };
}

function claim(state: State, change: Change, request: Parameters<WorkStore["claim"]>[0]): Claim | Refusal {
  const assignment = state.assignments.get(request.assignmentId);
  if (assignment === undefined) return { refused: "unknown" };
  const experiment = state.experiments.get(assignment.experimentId) as Experiment;
  if (assignment.state === "CANCELLED") return { refused: "cancelled" };
  if (assignment.state === "COMPLETED" || assignment.state === "FAILED") return { refused: "completed" };
  if (isTerminal("experiment", experiment.state)) return { refused: "cancelled" };
  let unfinished = unfinishedRunsOf(state, assignment.id);
  if (unfinished.length === 0) return { refused: "completed" };
  if (assignment.state === "RUNNING" && !isExpired(assignment, change)) return { refused: "leased" };
  if (experiment.state === "PAUSED") return { refused: "paused" };
  const fingerprint = request.fingerprints[experiment.spec.engine.name];
  if (fingerprint === undefined) return { refused: "other_engine" };
  if (experiment.engineFingerprint !== null && experiment.engineFingerprint !== fingerprint) return { refused: "other_engine" };

  if (assignment.state === "RUNNING") {
    endAssignment(state, change, assignment, unfinished, "lease_lost", null);
    unfinished = unfinishedRunsOf(state, assignment.id);
    if (isUnasked(assignment) || unfinished.length === 0) return { refused: "completed" };
  }
  const attempt = assignment.attempt + 1;
  state.assignments.set(assignment.id, {
    ...assignment,
    state: "RUNNING",
    attempt,
    workerId: request.workerId,
    leaseUntilMs: change.timeMs + request.leaseMs,
  });
  state.attempts.set(`${assignment.id} ${attempt}`, {
    assignmentId: assignment.id as AssignmentId,
    number: attempt,
    workerId: request.workerId,
    startedAt: change.time,
    endedAt: null,
    end: null,
    detail: null,
  });
  state.experiments.set(experiment.id, {
    ...(state.experiments.get(experiment.id) as Experiment),
    state: "RUNNING",
    startedAt: experiment.startedAt ?? change.time,
    engineFingerprint: fingerprint,
  });
  if (experiment.state === "QUEUED") change.event(experiment.id, eventOf.experimentState("RUNNING", null));
  for (const run of unfinished) setRun(state, run.id, { state: "RUNNING", startedAt: run.startedAt ?? change.time });
  const trial = state.trials.get(assignment.trialId) as Trial;
  const asked = unfinished.filter(isAsked);
  if (asked.some((run) => run.purpose !== "finalise") && (trial.state === "PENDING" || trial.state === "COMPLETED")) {
    state.trials.set(trial.id, { ...trial, state: "RUNNING" });
  }
  for (const run of asked) change.event(experiment.id, eventOf.runStarted(named(state, run), attempt, request.workerId));

  const runs = unfinished.map((run) => (state.runs.get(run.id) as RunRow).run);
  return {
    assignmentId: request.assignmentId,
    attempt,
    experiment: state.experiments.get(experiment.id) as Experiment,
    trial: state.trials.get(trial.id) as Trial,
    runs,
    priority: assignment.priority,
    donors: donorsOf(state, state.experiments.get(experiment.id) as Experiment, runs),
    checkpoints: runs.flatMap((run) =>
      (state.runs.get(run.id)?.checkpoints ?? []).map(({ artifact, epoch }) => ({ runId: run.id, artifact, epoch })),
    ),
  };
}

function isExpired(assignment: AssignmentRow, change: Change): boolean {
  return assignment.leaseUntilMs !== null && assignment.leaseUntilMs < change.timeMs;
}

/** Looks at one assignment for the reconciler. True when its experiment must be advanced. */
function settle(state: State, change: Change, assignment: AssignmentRow, crashLimit: number): boolean {
  if (assignment.state !== "QUEUED" && assignment.state !== "RUNNING") return false;
  if (assignment.state === "RUNNING" && isExpired(assignment, change)) {
    const unfinished = unfinishedRunsOf(state, assignment.id);
    if (unfinished.length === 0) {
      endAssignment(state, change, assignment, [], "completed", "Closed by the reconciler: all runs had their results.");
      return true;
    }
    endAssignment(state, change, assignment, unfinished, "lease_lost", null);
    if (isUnasked(assignment)) return false;
    if (unfinishedRunsOf(state, assignment.id).length === 0) return true;
  }
  const ends = state.attempts
    .values()
    .filter((attempt) => attempt.assignmentId === assignment.id && (attempt.end === "crashed" || attempt.end === "lease_lost"))
    .sort((a, b) => a.number - b.number);
  const last = ends.at(-1);
  if (!last?.end || ends.length < crashLimit) return false;
  failAssignment(state, change, assignment, crashLimitReason(ends.length, crashLimit, last.end, last.detail));
  return true;
}

/** For each run the oldest finished run of the same owner, content and engine fingerprint. */
function donorsOf(state: State, { owner, engineFingerprint }: Experiment, runs: readonly AnyRun[]): Claim["donors"] {
  const eligible = runsWhere(state, (run) => {
    const experiment = state.experiments.get(run.experimentId);
    const ended = run.state === "COMPLETED" || run.state === "DIVERGED";
    const own = experiment?.owner === owner && experiment.engineFingerprint === engineFingerprint;
    return ended && own && run.purpose !== "finalise" && run.reusedFrom === null;
  }).sort((a, b) => ((a.endedAt ?? "") < (b.endedAt ?? "") ? -1 : (a.endedAt ?? "") > (b.endedAt ?? "") ? 1 : a.id < b.id ? -1 : 1));
  return runs
    .filter(({ purpose }) => purpose !== "finalise")
    .flatMap((run) => {
      const donor = eligible.find(({ contentHash }) => contentHash === run.contentHash);
      return donor === undefined ? [] : [{ runId: run.id, donor }];
    });
}
