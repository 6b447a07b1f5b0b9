/** A run's curve thinned out inside Postgres: a chart of 500 points must not read 20,000 epochs. The twin of thin-out.ts. */
import type { EpochRecord, RunId } from "@rightsize/core";
import type * as Rows from "../generated/client.ts";
import type { Database } from "./database.ts";
import { asEpoch } from "./rows.ts";

/** Places count from 0; `floor(x + 0.5)` rounds as JavaScript does. */
const statement = `
  WITH numbered AS MATERIALIZED (
    SELECT epoch, validation_loss, diagnostics IS NOT NULL AS diagnosed, row_number() OVER (ORDER BY epoch) - 1 AS place,
      count(*) OVER () AS total
    FROM epochs WHERE run_id = $1
  ), special AS MATERIALIZED (
    SELECT place FROM (SELECT place FROM numbered ORDER BY nullif(validation_loss, 'NaN'), place LIMIT 1) AS best
    UNION
    SELECT place FROM numbered WHERE diagnosed AND 2 * (SELECT count(*) FROM numbered WHERE diagnosed) <= $2 - 2
  ), even AS (
    SELECT floor(step * (total - 1)::float8 / (even_points - 1) + 0.5)::int8 AS place
    FROM (SELECT $2 - count(*) AS even_points FROM special) AS rest,
      (SELECT max(total) AS total FROM numbered) AS curve, generate_series(0, even_points - 1) AS step
  ), kept AS (
    SELECT epoch FROM numbered WHERE total <= $2 OR place IN (SELECT place FROM special UNION SELECT place FROM even)
  )
  SELECT run_id AS "runId", epoch, attempt, training_loss AS "trainingLoss", validation_loss AS "validationLoss",
    learning_rate AS "learningRate", metrics, diagnostics
  FROM epochs WHERE run_id = $1 AND epoch = ANY (ARRAY(SELECT epoch FROM kept)) ORDER BY epoch`;

export async function readCurve({ sql }: Database, runId: RunId, points: number): Promise<readonly EpochRecord[]> {
  return (await sql.query<Rows.Epoch>(statement, [runId, points])).map(asEpoch);
}
