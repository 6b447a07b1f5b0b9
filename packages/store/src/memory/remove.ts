/** Deletions in memory; the twin of postgres/remove.ts. */
import { type ExperimentId, isTerminal, type OwnerId, type Removed, type Sha256 } from "@rightsize/core";
import { notEnded, usedByExperiments } from "../rules.ts";
import { newestFirst, type State } from "./state.ts";

/** Artifacts of an experiment or of its runs. */
function artifactsOf(state: State, isOf: (experimentId: string) => boolean): readonly (Sha256 | null | undefined)[] {
  const experiments = state.experiments.values().filter(({ id }) => isOf(id));
  const runs = state.runs.values().filter(({ run }) => isOf(run.experimentId));
  return [
    ...experiments.flatMap(({ plan, answer }) => [plan.artifact, answer?.modelArtifact, answer?.evaluationArtifact]),
    ...runs.flatMap(({ run, checkpoints }) => [run.result?.weightsArtifact, ...checkpoints.map(({ artifact }) => artifact)]),
  ];
}

export function unreferenced(state: State, candidates: readonly (Sha256 | null | undefined)[]): Removed {
  const used = new Set([
    ...artifactsOf(state, () => true),
    ...state.datasets.values().flatMap(({ id, columnsArtifact }) => [id, columnsArtifact]),
  ]);
  const artifacts = [...new Set(candidates)].filter((id): id is Sha256 => id !== null && id !== undefined && !used.has(id));
  return { artifacts: artifacts.sort() };
}

/** Whether an experiment on a dataset may still store something. */
export function isOpen(state: State, dataset: Sha256): boolean {
  return state.experiments.values().some((other) => other.spec.dataset === dataset && !isTerminal("experiment", other.state));
}

export function removeExperiment(state: State, owner: OwnerId, id: ExperimentId): Removed | null {
  return state.change(() => {
    const experiment = state.experiments.get(id);
    if (experiment?.owner !== owner) return null;
    if (!isTerminal("experiment", experiment.state)) throw notEnded(experiment.state);
    const candidates = artifactsOf(state, (other) => other === id);
    const assignments = state.assignments.values().filter((assignment) => assignment.experimentId === id);
    for (const assignment of assignments) {
      state.assignments.delete(assignment.id);
      for (let number = 0; number <= assignment.attempt; number++) {
        state.attempts.delete(`${assignment.id} ${number}`);
        state.outbox.delete(`${assignment.id} ${number}`);
      }
    }
    for (const { run } of state.runs.values().filter((row) => row.run.experimentId === id)) {
      state.runs.delete(run.id);
      state.epochs.delete(run.id);
    }
    for (const trial of state.trials.values().filter((row) => row.experimentId === id)) state.trials.delete(trial.id);
    state.decisions.delete(id);
    state.events.delete(id);
    const key = state.idempotency.keyWhere((row) => row.experimentId === id);
    if (key !== null) state.idempotency.delete(key);
    state.experiments.delete(id);
    const { dataset } = experiment.spec;
    const removed = unreferenced(state, candidates);
    if (!isOpen(state, dataset)) return removed;
    for (const artifact of removed.artifacts) state.leftArtifacts.set(artifact, { artifact, dataset });
    return { artifacts: [] };
  });
}

export function removeDataset(state: State, owner: OwnerId, id: Sha256): Removed | null {
  return state.change(() => {
    const dataset = state.datasets.get(`${owner} ${id}`);
    if (dataset === undefined) return null;
    const users = state.experiments.values().filter((experiment) => experiment.owner === owner && experiment.spec.dataset === id);
    if (users.length > 0)
      throw usedByExperiments(
        id,
        users.sort((a, b) => newestFirst(b, a)).map((user) => user.id),
      );
    state.datasets.delete(`${owner} ${id}`);
    return unreferenced(state, [id, dataset.columnsArtifact]);
  });
}
