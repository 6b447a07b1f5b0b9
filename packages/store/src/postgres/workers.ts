/** Workers in Postgres: who is there, seen when, holding what. */
import { type AssignmentId, type WorkerPace, type WorkerRecord, type WorkerStore, workerPaceMinutes } from "@rightsize/core";
import type * as Rows from "../generated/client.ts";
import type { Database } from "./database.ts";

export function postgresWorkers(database: Database): WorkerStore {
  const { prisma, sql, guard } = database;
  return {
    announce: (worker) =>
      guard(async () => {
        const { id, engines, ...rest } = worker;
        const data = { ...rest, engines: [...engines] };
        await prisma.worker.upsert({ where: { id }, create: { id, ...data }, update: data });
        await sql.query("UPDATE workers SET last_seen_at = clock_timestamp() WHERE id = $1", [id]);
        // Those that were killed long ago never said goodbye.
        await sql.query("DELETE FROM workers WHERE last_seen_at < clock_timestamp() - interval '1 day'");
      }),

    seen: (id) =>
      guard(async () => {
        const rows = await sql.query("UPDATE workers SET last_seen_at = clock_timestamp() WHERE id = $1 RETURNING id", [id]);
        return rows.length > 0;
      }),

    leave: (id) =>
      guard(async () => {
        await prisma.worker.deleteMany({ where: { id } });
      }),

    list: () =>
      guard(async () => {
        const rows = await sql.query<Rows.Worker & WorkerPace & { live: boolean; running: AssignmentId[]; doing: WorkerRecord["doing"] }>(
          // Not clock_timestamp() for the runs: no index can be searched for what changes within a statement.
          `WITH pace AS (
             SELECT worker_id, count(*)::int4 AS runs, sum(epochs)::float8 AS epochs, sum((result->>'cost')::float8) AS cost,
               sum((result->>'trainMs')::float8) AS "trainMs"
             FROM runs JOIN attempts ON attempts.assignment_id = runs.assignment_id AND attempts.number = runs.ended_by
             WHERE runs.ended_at > statement_timestamp() - $1 * interval '1 minute' AND state IN ('COMPLETED', 'DIVERGED')
               AND purpose <> 'finalise' AND reused_from IS NULL
             GROUP BY worker_id
           )
           SELECT id, machine, process_id AS "processId", slots, engines, fingerprint, device, memory_bytes AS "memoryBytes",
             started_at AS "startedAt", last_seen_at AS "lastSeenAt", last_seen_at > clock_timestamp() - interval '30 s' AS live,
             ARRAY(SELECT id FROM assignments WHERE worker_id = workers.id AND state = 'RUNNING' ORDER BY id) AS running,
             (SELECT coalesce(json_agg(json_build_object('experimentId', experiments.id, 'name', experiments.spec->>'name', 'capacity',
                 json_build_object('hiddenLayers', hidden_layers, 'nodesPerLayer', nodes_per_layer)) ORDER BY assignments.id), '[]')
               FROM assignments JOIN trials ON trials.id = trial_id JOIN experiments ON experiments.id = assignments.experiment_id
               WHERE worker_id = workers.id AND assignments.state = 'RUNNING') AS doing,
             coalesce(runs, 0) AS runs, coalesce(epochs, 0) AS epochs, coalesce(cost, 0) AS cost, coalesce("trainMs", 0) AS "trainMs"
           FROM workers LEFT JOIN pace ON worker_id = workers.id ORDER BY started_at, id`,
          [workerPaceMinutes],
        );
        return rows.map(
          ({ runs, epochs, cost, trainMs, ...row }): WorkerRecord => ({
            ...row,
            recent: { runs, epochs, cost, trainMs },
            id: row.id as WorkerRecord["id"],
            memoryBytes: Number(row.memoryBytes),
            startedAt: row.startedAt.toISOString(),
            lastSeenAt: row.lastSeenAt.toISOString(),
          }),
        );
      }),
  };
}
