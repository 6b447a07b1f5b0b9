/** Pause, resume and cancel: a change of state under the experiment's lock, with the event that tells of it. */
import {
  type AdvancePlan,
  type Experiment,
  type ExperimentId,
  type ExperimentSnapshot,
  type ExperimentState,
  isTerminal,
  mayBecome,
  type OwnerId,
  RightsizeError,
  type Store,
} from "@rightsize/core";
import { notFound } from "./problems.ts";

export const controls = ["pause", "resume", "cancel"] as const;
export type Control = (typeof controls)[number];

const target: Readonly<Record<Control, ExperimentState>> = { pause: "PAUSED", resume: "RUNNING", cancel: "CANCELLED" };

/** Does it, or says why not. Asking for the state an experiment is in already is fine and changes nothing. */
export async function controlExperiment(store: Store, owner: OwnerId, id: ExperimentId, control: Control): Promise<Experiment> {
  if ((await store.experiments.find(owner, id)) === null) throw notFound("experiment", id);
  let refused: RightsizeError | null = null;
  await store.experiments.advance(id, (snapshot) => {
    refused = null;
    const { state } = snapshot.experiment;
    if (state === target[control] || (control === "resume" && state === "QUEUED")) return null;
    // RUNNING follows QUEUED too, but only a worker's claim makes that step.
    if (!mayBecome("experiment", state, target[control]) || (control === "resume" && state !== "PAUSED")) {
      refused = wrongState(control, state);
      return null;
    }
    return planOf(control, snapshot);
  });
  if (refused !== null) throw refused;
  const after = await store.experiments.find(owner, id);
  if (after === null) throw notFound("experiment", id);
  return after;
}

function planOf(control: Control, snapshot: ExperimentSnapshot): AdvancePlan {
  const state = target[control];
  const reason = control === "resume" ? null : control === "pause" ? "paused by request" : "cancelled by request";
  const cancels = control === "cancel";
  const unfinished = snapshot.runs.filter((run) => !isTerminal("run", run.state));
  return {
    decision: null,
    newTrials: [],
    trialChanges: cancels
      ? snapshot.trials.filter((trial) => !isTerminal("trial", trial.state)).map(({ id }) => ({ id, state: "CANCELLED" as const }))
      : [],
    assignments: [],
    cancelAssignments: cancels ? [...new Set(unfinished.map((run) => run.assignmentId))] : [],
    experiment: { state, stateReason: reason },
    events: [{ kind: "experiment.state", data: reason === null ? { state } : { state, reason } }],
  };
}

function wrongState(control: Control, state: ExperimentState): RightsizeError {
  const allowed = control === "resume" ? "PAUSED" : control === "pause" ? "QUEUED or RUNNING" : "QUEUED, RUNNING or PAUSED";
  return new RightsizeError(
    "conflict",
    `The experiment is ${state}: it can't be ${control === "resume" ? "resumed" : `${control}${control === "pause" ? "d" : "led"}`}.`,
    {
      issues: [{ where: "the experiment's state", received: state, required: allowed }],
    },
  );
}
