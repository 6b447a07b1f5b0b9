/** Writes what one step of an experiment wants, in memory; the twin of postgres/advance.ts. */
import {
  type Adoption,
  type AdvancePlan,
  type Experiment,
  type ExperimentSnapshot,
  isTerminal,
  mayBecome,
  type NewAssignment,
  type NewSpeculation,
  type NewTrial,
  RightsizeError,
  type TrialChange,
} from "@rightsize/core";
import { checkPlan, dispatchingStates, eventOf, notAdoptable, plain, refusedChange } from "../rules.ts";
import { cancelAssignments, dispatch, named, stopRuns } from "./assignments.ts";
import { type AnyRun, type AssignmentRow, type Change, type State, setRun } from "./state.ts";

export function writePlan(state: State, change: Change, snapshot: ExperimentSnapshot, plan: AdvancePlan): void {
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
