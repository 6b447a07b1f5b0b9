/** The claim in memory: of many callers one gets the assignment, with a new attempt number and a lease on the injected clock; the twin of postgres/claim.ts. */
import { type AssignmentId, type Claim, type Experiment, isTerminal, type Refusal, type Trial, type WorkStore } from "@rightsize/core";
import { eventOf, isUnasked } from "../rules.ts";
import { endAssignment, isExpired, named, unfinishedRunsOf } from "./assignments.ts";
import { type AnyRun, type Change, isAsked, type RunRow, runsWhere, type State, setRun } from "./state.ts";

export function claim(state: State, change: Change, request: Parameters<WorkStore["claim"]>[0]): Claim | Refusal {
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
