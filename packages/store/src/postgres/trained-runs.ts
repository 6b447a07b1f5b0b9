/** Reads the runs of an owner that estimates learn from: those of the same dataset's experiments first. */
import type { TrainedRun, WorkStore } from "@rightsize/core";
import { experimentsLearnedFrom, trainedRunOf } from "../rules.ts";
import type { Database } from "./database.ts";
import {
  asExperiment,
  asRun,
  asTrial,
  type ExperimentRow,
  experimentColumns,
  type RunRow,
  runColumns,
  type TrialRow,
  trialColumns,
} from "./rows.ts";

export function readTrainedRuns({ sql }: Database): WorkStore["trainedRuns"] {
  return async (owner, dataset, limit): Promise<readonly TrainedRun[]> => {
    const experiments = await sql.query<ExperimentRow>(
      `SELECT ${experimentColumns} FROM experiments WHERE owner = $1 AND started_at IS NOT NULL
       ORDER BY (spec->>'dataset' = $2) DESC, created_at DESC, id DESC LIMIT ${experimentsLearnedFrom}`,
      [owner, dataset],
    );
    const ids = experiments.map(({ id }) => id);
    const runs = await sql.query<RunRow>(
      `SELECT ${runColumns} FROM runs WHERE experiment_id = ANY($1) AND state = 'COMPLETED' AND purpose <> 'finalise' AND reused_from IS NULL
       ORDER BY array_position($1, experiment_id), ended_at DESC, id DESC LIMIT $2`,
      [ids, limit],
    );
    const trials = await sql.query<TrialRow>(`SELECT ${trialColumns} FROM trials WHERE id = ANY($1)`, [
      [...new Set(runs.map(({ trialId }) => trialId))],
    ]);
    const experimentOf = new Map(experiments.map((row) => [row.id, asExperiment(row)]));
    const trialOf = new Map(trials.map((row) => [row.id, asTrial(row)]));
    return runs.flatMap((row) => trainedRunOf(asRun(row), trialOf.get(row.trialId), experimentOf.get(row.experimentId)) ?? []);
  };
}
