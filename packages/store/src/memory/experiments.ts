/** Experiments in memory; the twin of postgres/experiments.ts. */
import {
  type Advance,
  type Experiment,
  type ExperimentSnapshot,
  type ExperimentStore,
  isTerminal,
  type Moment,
  type NewExperiment,
  RightsizeError,
} from "@rightsize/core";
import { datasetGone, dispatchingStates, isUnasked, isUnfinished, plain, tooManyOpen } from "../rules.ts";
import { writePlan } from "./advance.ts";
import { memoryExperimentLists } from "./experiment-lists.ts";
import { isOpen, removeExperiment } from "./remove.ts";
import { type AssignmentRow, type Change, isAsked, newestFirst, runsWhere, type State, snapshotOf } from "./state.ts";
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
