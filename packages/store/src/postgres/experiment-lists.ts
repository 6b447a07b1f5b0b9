/** Lists of experiments in Postgres: narrowed by words and states, and the rows of many tables in one question. */
import type { ExperimentId, ExperimentStore, TrialSummary } from "@rightsize/core";
import { pageOf, readCursor } from "../cursor.ts";
import { wordsOf } from "../rules.ts";
import type { Database } from "./database.ts";
import { asExperiment, type ExperimentRow, experimentColumns } from "./rows.ts";

/** The members of a summary, in order. */
type SummaryTuple = [
  number: number,
  hiddenLayers: number,
  nodesPerLayer: number,
  state: TrialSummary["state"],
  score: number | null,
  metrics: TrialSummary["metrics"],
  winner: boolean,
  runs: number,
  endedRuns: number,
];
const asSummary = ([number, hiddenLayers, nodesPerLayer, state, score, metrics, winner, runs, endedRuns]: SummaryTuple): TrialSummary => ({
  ...{ number, capacity: { hiddenLayers, nodesPerLayer }, state, score, metrics, winner, runs, endedRuns },
});

/** What a search looks in. */
const searched = "lower(concat_ws(' ', spec->>'name', spec->>'target', spec->'search'->>'preset', spec->>'dataset', id))";
/** A word as a pattern that finds it literally. */
const containing = (word: string) => `%${word.replaceAll(/[\\%_]/g, "\\$&")}%`;

export function postgresExperimentLists({ sql, guard }: Database): Pick<ExperimentStore, "list" | "summaries"> {
  return {
    list: (owner, { limit, cursor, search, states, dataset }) =>
      guard(async () => {
        const after = cursor === null ? null : readCursor(cursor);
        const words = wordsOf(search);
        const rows = await sql.query<ExperimentRow>(
          `SELECT ${experimentColumns} FROM experiments WHERE owner = $1
             AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::text))
             AND ($4::text[] IS NULL OR state::text = ANY($4)) AND ($5::text[] IS NULL OR ${searched} LIKE ALL($5))
             AND ($7::text IS NULL OR spec->>'dataset' = $7)
           ORDER BY created_at DESC, id DESC LIMIT $6`,
          [
            owner,
            after?.createdAt ?? null,
            after?.id ?? null,
            states ?? null,
            words.length === 0 ? null : words.map(containing),
            limit + 1,
            dataset ?? null,
          ],
        );
        return pageOf(rows.map(asExperiment), limit);
      }),

    summaries: (ids) =>
      guard(async () => {
        // A row an experiment, its trials in one JSON text: thousands of rows of many columns keep a process busy for longer than Postgres.
        const rows = await sql.query<{ experimentId: ExperimentId; trials: readonly SummaryTuple[] }>(
          `SELECT experiment_id AS "experimentId", json_agg(json_build_array(number, hidden_layers, nodes_per_layer, state, score, metrics,
             winner, coalesce(counted.runs, 0), coalesce(counted.ended, 0)) ORDER BY number) AS trials
           FROM trials LEFT JOIN (
             SELECT trial_id, count(*) AS runs, count(*) FILTER (WHERE state NOT IN ('QUEUED', 'RUNNING')) AS ended
             FROM runs WHERE experiment_id = ANY($1) AND decision IS NOT NULL GROUP BY trial_id
           ) AS counted ON counted.trial_id = trials.id
           WHERE experiment_id = ANY($1) AND number IS NOT NULL GROUP BY experiment_id`,
          [ids],
        );
        return new Map(rows.map(({ experimentId, trials }) => [experimentId, trials.map(asSummary)]));
      }),
  };
}
