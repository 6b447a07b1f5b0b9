/** Experiments in memory; the twin of postgres/experiments.ts and postgres/advance.ts. */
import {
  type Adoption,
  type Advance,
  type AdvancePlan,
  type Experiment,
  type ExperimentSnapshot,
  type ExperimentStore,
  isTerminal,
  type Moment,
  mayBecome,
  type NewAssignment,
  type NewExperiment,
  type NewSpeculation,
  type NewTrial,
  RightsizeError,
  type TrialChange,
} from "@rightsize/core";
import {
  checkPlan,
  datasetGone,
  dispatchingStates,
  eventOf,
  isUnasked,
  isUnfinished,
  notAdoptable,
  plain,
  refusedChange,
  tooManyOpen,
} from "../rules.ts";
import { cancelAssignments, dispatch, named, stopRuns } from "./assignments.ts";
import { memoryExperimentLists } from "./experiment-lists.ts";
import { isOpen, removeExperiment } from "./remove.ts";
import { type AnyRun, type AssignmentRow, type Change, isAsked, newestFirst, runsWhere, type State, setRun, snapshotOf } from "./state.ts";
import { sweepOf } from "./sweep.ts";

export function memoryExperiments(state: State): ExperimentStore {
  const left = () =>
    state.leftArtifacts
      .values()
      .filter(({ dataset }) => !isOpen(state, dataset))
      .map(({ artifact }) => artifact);
  const sweepLeft = sweepOf(state, left, state.leftArtifacts);
  return {
    ...memoryExperimentLists(state),

    async create(given, advance) {
      return state.change((change) => {
        const key = given.idempotency && `${given.owner} ${given.idempotency.key}`;
        const first = key === null ? undefined : state.idempotency.get(key);
        if (first) {
          if (first.requestHash !== given.idempotency?.requestHash) {
            throw new RightsizeError("idempotency_conflict", "This Idempotency-Key was used for another request.", {
              issues: [{ where: "Idempotency-Key", received: `${given.idempotency?.key}`, required: "a key that was not used before" }],
            });
          }
          return { experiment: state.experiments.get(first.experimentId) as Experiment, created: false };
        }
        if (state.experiments.get(given.id)) throw new RightsizeError("conflict", `There is an experiment ${given.id} already.`);
        if (key !== null && given.idempotency) {
          state.idempotency.set(key, { experimentId: given.id, requestHash: given.idempotency.requestHash });
        }
        state.experiments.set(given.id, {
          id: given.id,
          owner: given.owner,
          spec: plain(given.spec),
          plan: plain(given.plan),
          policyVersion: given.policyVersion,
          state: "QUEUED",
          stateReason: null,
          engineFingerprint: null,
          answer: null,
          eventCount: 0,
          createdAt: change.time,
          startedAt: null,
          endedAt: null,
        });
        admit(state, given);
        const snapshot = snapshotOf(state, given.id) as ExperimentSnapshot;
        change.event(given.id, { kind: "experiment.created", data: { state: "QUEUED" } });
        const plan = advance(snapshot);
        if (plan) writePlan(state, change, snapshot, plan);
        return { experiment: state.experiments.get(given.id) as Experiment, created: true };
      });
    },

    async find(owner, id) {
      const experiment = state.experiments.get(id);
      return experiment && (owner === null || owner === experiment.owner) ? experiment : null;
    },

    async findByIdempotencyKey(owner, key) {
      const found = state.idempotency.get(`${owner} ${key}`);
      if (found === undefined) return null;
      return { experiment: state.experiments.get(found.experimentId) as Experiment, requestHash: found.requestHash };
    },

    async snapshot(id) {
      return snapshotOf(state, id);
    },

    async advance(id, advance) {
      return state.change((change) => advanceNow(state, change, id, advance));
    },

    async advanceAtMoment(id, advance) {
      return state.change((change) =>
        advanceNow(state, change, id, (snapshot) => advance(snapshot, { now: change.time, attempts: attemptsUnderWay(state, id) })),
      );
    },

    async pastTimeLimit(limit) {
      return state.change(({ timeMs }) => {
        const passed = ({ id, startedAt, spec }: Experiment) => {
          const { wallSeconds = null, cpuSeconds = null } = spec.limits;
          const wallMs = startedAt === null ? 0 : timeMs - Date.parse(startedAt);
          const attempts = state.attempts.values().filter(({ assignmentId }) => state.assignments.get(assignmentId)?.experimentId === id);
          const slotMs = attempts.reduce(
            (sum, one) => sum + (one.endedAt === null ? timeMs : Date.parse(one.endedAt)) - Date.parse(one.startedAt),
            0,
          );
          return (wallSeconds !== null && wallMs >= wallSeconds * 1000) || (cpuSeconds !== null && slotMs >= cpuSeconds * 1000);
        };
        const waits = new Set(
          runsWhere(state, (run) => isAsked(run) && run.purpose !== "finalise" && isUnfinished(run.state)).map((run) => run.experimentId),
        );
        return state.experiments
          .values()
          .filter((experiment) => experiment.state === "RUNNING" && waits.has(experiment.id) && passed(experiment))
          .map(({ id }) => id)
          .slice(0, limit);
      });
    },

    async remove(owner, id) {
      return removeExperiment(state, owner, id);
    },

    async anyLeft() {
      return left().length > 0;
    },

    async sweepLeft(limit, remove) {
      return (await sweepLeft(limit, remove)).taken;
    },

    async events(id, afterSequence, limit) {
      return (state.events.get(id) ?? []).filter((event) => event.sequence > afterSequence).slice(0, limit);
    },

    async idle(limit) {
      const busy = new Set(runsWhere(state, (run) => isAsked(run) && isUnfinished(run.state)).map((run) => run.experimentId));
      return state.experiments
        .values()
        .filter((experiment) => dispatchingStates.includes(experiment.state) && !busy.has(experiment.id))
        .map((experiment) => experiment.id)
        .slice(0, limit);
    },

    async speculable(fingerprints, limit) {
      const waits = ({ experimentId }: AssignmentRow) =>
        dispatchingStates.includes((state.experiments.get(experimentId) as Experiment).state);
      if (state.assignments.values().some((row) => row.state === "QUEUED" && !isUnasked(row) && waits(row))) return [];
      const training = new Set(runsWhere(state, (run) => isAsked(run) && run.state === "RUNNING").map((run) => run.experimentId));
      return state.experiments
        .values()
        .filter(
          ({ id, state: now, engineFingerprint }) =>
            now === "RUNNING" && fingerprints.includes(engineFingerprint ?? "") && training.has(id),
        )
        .sort((a, b) => newestFirst(b, a))
        .map(({ id }) => id)
        .slice(0, limit);
    },
  };
}

function advanceNow(state: State, change: Change, id: Experiment["id"], advance: Advance): boolean {
  const snapshot = snapshotOf(state, id);
  const plan = snapshot && advance(snapshot);
  if (!snapshot || !plan) return false;
  writePlan(state, change, snapshot, plan);
  return true;
}

function attemptsUnderWay(state: State, id: Experiment["id"]): Moment["attempts"] {
  return state.attempts
    .values()
    .filter(({ assignmentId, endedAt }) => endedAt === null && state.assignments.get(assignmentId)?.experimentId === id)
    .map(({ assignmentId, startedAt }) => ({ assignmentId, startedAt }));
}

function admit(state: State, { admission, owner, spec }: NewExperiment): void {
  if (admission === undefined) return;
  if (!state.datasets.get(`${owner} ${spec.dataset}`)) throw datasetGone(spec.dataset);
  const open = state.experiments.values().filter((other) => other.owner === owner && !isTerminal("experiment", other.state));
  if (admission.openExperiments !== null && open.length > admission.openExperiments) throw tooManyOpen(admission.openExperiments);
}

function writePlan(state: State, change: Change, snapshot: ExperimentSnapshot, plan: AdvancePlan): void {
  const id = snapshot.experiment.id;
  checkPlan(plan, snapshot.decisions.length);
  if (plan.decision) {
    const { sequence, text, hash, limit = null } = plan.decision;
    const stored = { experimentId: id, sequence, text, hash, limit: plain(limit), decision: JSON.parse(text), createdAt: change.time };
    state.decisions.set(id, [...snapshot.decisions, stored]);
  }
  stopRuns(state, change, snapshot.experiment, plan.stop ?? []);
  for (const trial of plan.newTrials) insertTrial(state, change, snapshot.experiment, trial);
  for (const trialChange of plan.trialChanges) changeTrial(state, snapshot.experiment, trialChange);
  for (const assignment of plan.assignments) insertAssignment(state, change, snapshot.experiment, assignment, false);
  for (const assignment of plan.speculate ?? []) insertAssignment(state, change, snapshot.experiment, assignment, true);
  cancelAssignments(state, change, snapshot.experiment, plan.cancelAssignments);
  changeExperiment(state, change, snapshot.experiment, plan);
  for (const event of plan.events) change.event(id, event);
  for (const adoption of plan.adopt ?? []) adoptRun(state, change, id, adoption);
}

function adoptRun(state: State, change: Change, experimentId: Experiment["id"], adoption: Adoption): void {
  const { runId, decision, position, purpose, priority } = adoption;
  const before = state.runs.get(runId)?.run;
  const mine = before?.experimentId === experimentId && before.decision === null;
  if (before === undefined || !mine || before.state === "FAILED" || before.state === "CANCELLED") throw notAdoptable(runId, "another one");
  setRun(state, runId, { decision, position, purpose });
  const run = state.runs.get(runId)?.run as AnyRun;
  const row = state.assignments.get(run.assignmentId) as AssignmentRow;
  state.assignments.set(row.id, { ...row, adoptedAt: row.adoptedAt ?? change.timeMs, priority: Math.min(row.priority, priority) });
  if (run.state === "QUEUED") {
    const experiment = state.experiments.get(experimentId) as Experiment;
    if (dispatchingStates.includes(experiment.state)) dispatch(state, change, [row.id]);
    return;
  }
  change.event(experimentId, eventOf.runStarted(named(state, run), row.attempt, row.workerId ?? ""));
  if (run.state !== "RUNNING") change.event(experimentId, eventOf.runEnded(named(state, run), run.state, run.result));
}

function insertTrial(state: State, change: Change, experiment: Experiment, trial: NewTrial): void {
  const others = state.trials.values().filter((other) => other.experimentId === experiment.id);
  const same = others.find(
    (other) =>
      (trial.number !== null && other.number === trial.number) ||
      (other.capacity.hiddenLayers === trial.capacity.hiddenLayers && other.capacity.nodesPerLayer === trial.capacity.nodesPerLayer),
  );
  if (same || state.trials.get(trial.id)) {
    throw new RightsizeError("conflict", "There is one of these already: a trial with this id, number or capacity.");
  }
  state.trials.set(trial.id, {
    ...plain(trial),
    experimentId: experiment.id,
    state: "PENDING",
    score: null,
    metrics: null,
    nextStep: null,
    verdict: null,
    winner: false,
    createdAt: change.time,
  });
}

function changeTrial(state: State, experiment: Experiment, change: TrialChange): void {
  const trial = state.trials.get(change.id);
  if (trial?.experimentId !== experiment.id) throw new RightsizeError("not_found", `The experiment has no trial ${change.id}.`);
  if (change.state && change.state !== trial.state && !mayBecome("trial", trial.state, change.state)) {
    throw refusedChange("trial", change.id, trial.state, change.state);
  }
  const taken = state.trials
    .values()
    .some((other) => other.experimentId === experiment.id && other.id !== change.id && other.number === change.number);
  if (change.number !== undefined && taken)
    throw new RightsizeError("conflict", "There is one of these already: a trial with this number.");
  state.trials.set(trial.id, { ...trial, ...plain(change), ...(change.number === undefined ? {} : { speculative: false }) });
}

function insertAssignment(
  state: State,
  change: Change,
  experiment: Experiment,
  assignment: NewAssignment | NewSpeculation,
  speculative: boolean,
): void {
  const taken = state.assignments.get(assignment.id) || assignment.runs.some((run) => state.runs.get(run.id));
  if (taken) throw new RightsizeError("conflict", "There is one of these already: an assignment or run with this id.");
  state.assignments.set(assignment.id, {
    id: assignment.id,
    experimentId: experiment.id,
    trialId: assignment.trialId,
    priority: assignment.priority,
    state: "QUEUED",
    attempt: 0,
    workerId: null,
    leaseUntilMs: null,
    dispatchedAtMs: change.timeMs,
    speculative,
    adoptedAt: null,
  });
  for (const run of assignment.runs) {
    const asked = "decision" in run ? {} : { decision: null, position: null };
    state.runs.set(run.id, {
      run: {
        ...run,
        ...asked,
        experimentId: experiment.id,
        assignmentId: assignment.id,
        state: "QUEUED",
        result: null,
        reusedFrom: null,
        epochs: 0,
        startedAt: null,
        endedAt: null,
      } as AnyRun,
      endedBy: null,
      checkpoints: [],
    });
  }
}

function changeExperiment(state: State, change: Change, before: Experiment, plan: AdvancePlan): void {
  const to = plan.experiment?.state ?? before.state;
  const ends = to !== before.state && isTerminal("experiment", to);
  if (plan.experiment) {
    const { stateReason, answer } = plan.experiment;
    if (to !== before.state && !mayBecome("experiment", before.state, to)) throw refusedChange("experiment", before.id, before.state, to);
    const now = state.experiments.get(before.id) as Experiment;
    state.experiments.set(before.id, {
      ...now,
      state: to,
      stateReason: stateReason === undefined ? now.stateReason : stateReason,
      answer: answer === undefined ? now.answer : plain(answer),
      startedAt: to === "RUNNING" ? (now.startedAt ?? change.time) : now.startedAt,
      endedAt: ends ? change.time : now.endedAt,
    });
  }
  if (ends) endEverything(state, change, before, to);
  else if (dispatchingStates.includes(to)) {
    const resumed = before.state === "PAUSED";
    const waiting = resumed ? state.assignments.values().filter((assignment) => assignment.experimentId === before.id) : plan.assignments;
    dispatch(
      state,
      change,
      waiting.map((assignment) => assignment.id),
    );
  }
}

function endEverything(state: State, change: Change, experiment: Experiment, to: string): void {
  const open = state.assignments.values().filter((assignment) => assignment.experimentId === experiment.id);
  cancelAssignments(
    state,
    change,
    experiment,
    open.map((assignment) => assignment.id),
  );
  for (const trial of state.trials.values()) {
    if (trial.experimentId !== experiment.id || (trial.state !== "PENDING" && trial.state !== "RUNNING")) continue;
    if (to !== "SUCCEEDED" || trial.speculative) state.trials.set(trial.id, { ...trial, state: "CANCELLED" });
  }
}
