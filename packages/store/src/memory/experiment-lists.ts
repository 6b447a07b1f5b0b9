/** Lists of experiments in memory; the twin of postgres/experiment-lists.ts. */
import type { Experiment, ExperimentStore, TrialSummary } from "@rightsize/core";
import { pageOf, readCursor } from "../cursor.ts";
import { isUnfinished, wordsOf } from "../rules.ts";
import { isAsked, newestFirst, runsWhere, type State } from "./state.ts";

export function memoryExperimentLists(state: State): Pick<ExperimentStore, "list" | "summaries"> {
  return {
    async list(owner, { limit, cursor, search, states, dataset }) {
      const after = cursor === null ? null : readCursor(cursor);
      const words = wordsOf(search);
      const items = state.experiments
        .values()
        .filter((experiment) => experiment.owner === owner && (after === null || newestFirst(experiment, after) > 0))
        .filter((experiment) => dataset === undefined || experiment.spec.dataset === dataset)
        .filter((experiment) => states?.includes(experiment.state) ?? true)
        .filter((experiment) => words.every((word) => searched(experiment).includes(word)));
      return pageOf(items.sort(newestFirst), limit);
    },

    async summaries(ids) {
      return new Map(
        ids.flatMap((id) => {
          const trials = state.trials.values().flatMap((trial): TrialSummary[] => {
            if (trial.experimentId !== id || trial.number === null) return [];
            const { number, state: trialState, capacity, score, metrics, winner } = trial;
            const runs = runsWhere(state, (run) => run.trialId === trial.id && isAsked(run));
            const endedRuns = runs.filter((run) => !isUnfinished(run.state)).length;
            return [{ number, state: trialState, capacity, score, metrics, winner, runs: runs.length, endedRuns }];
          });
          return trials.length === 0 ? [] : [[id, trials.sort((a, b) => a.number - b.number)] as const];
        }),
      );
    },
  };
}

const searched = ({ id, spec }: Experiment) => `${spec.name} ${spec.target} ${spec.search.preset} ${spec.dataset} ${id}`.toLowerCase();
