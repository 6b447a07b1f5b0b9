/** The runs of an owner that estimates learn from; the twin of postgres/trained-runs.ts. */
import type { Experiment, Run, WorkStore } from "@rightsize/core";
import { experimentsLearnedFrom, trainedRunOf } from "../rules.ts";
import { runsWhere, type State } from "./state.ts";

export function memoryTrainedRuns(state: State): WorkStore["trainedRuns"] {
  return async (owner, dataset, limit) => {
    const experiments = [...state.experiments.values()]
      .filter((experiment) => experiment.owner === owner && experiment.startedAt !== null)
      .sort((a, b) => Number(b.spec.dataset === dataset) - Number(a.spec.dataset === dataset) || newestFirst(a, b))
      .slice(0, experimentsLearnedFrom);
    const runsOf = ({ id }: Experiment) =>
      runsWhere(
        state,
        (run) => run.experimentId === id && run.state === "COMPLETED" && run.purpose !== "finalise" && run.reusedFrom === null,
      )
        .map((run) => ({ run, createdAt: run.endedAt ?? "", id: run.id }))
        .sort(newestFirst)
        .map(({ run }) => run);
    return experiments
      .flatMap((experiment) => runsOf(experiment).map((run) => ({ run, experiment })))
      .slice(0, limit)
      .flatMap(({ run, experiment }) => trainedRunOf(run, trialOf(state, run), experiment) ?? []);
  };
}

function trialOf(state: State, { trialId }: Pick<Run, "trialId">) {
  return state.trials.get(trialId);
}

function newestFirst(
  a: { readonly createdAt: string; readonly id: string },
  b: { readonly createdAt: string; readonly id: string },
): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
