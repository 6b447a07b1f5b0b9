/** Experiments in Postgres: created once for each Idempotency-Key, advanced under their row's lock, read without it. */
import {
  type AdvancePlan,
  type Experiment,
  type ExperimentId,
  type ExperimentSnapshot,
  type ExperimentStore,
  type NewExperiment,
  RightsizeError,
} from "@rightsize/core";
import { datasetGone, tooManyOpen } from "../rules.ts";
import { readMoment, readSnapshot, writePlan } from "./advance.ts";
import type { Database, Sql } from "./database.ts";
import { postgresExperimentLists } from "./experiment-lists.ts";
import { type Locked, underLock, workOn } from "./lock.ts";
import { removeExperiment } from "./remove.ts";
import { asEvent, asExperiment, type ExperimentRow, experimentColumns } from "./rows.ts";
import { anyLeft, sweepLeft } from "./sweep.ts";

export function postgresExperiments(database: Database): ExperimentStore {
  const { prisma, guard } = database;
  return {
    ...postgresExperimentLists(database),

    create: (experiment, advance) =>
      database.transaction(async (sql) => {
        const { idempotency } = experiment;
        // A second request with the same key waits here for the first one's commit, then finds its row.
        const [created] = await sql.query<ExperimentRow>(
          `INSERT INTO experiments (id, owner, spec, plan, policy_version, idempotency_key, request_hash) VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (owner, idempotency_key) DO NOTHING
           RETURNING ${experimentColumns}`,
          [
            experiment.id,
            experiment.owner,
            JSON.stringify(experiment.spec),
            JSON.stringify(experiment.plan),
            experiment.policyVersion,
            idempotency?.key ?? null,
            idempotency?.requestHash ?? null,
          ],
        );
        if (created === undefined) {
          const [first] = await sql.query<{ id: string; requestHash: string }>(
            `SELECT id, request_hash AS "requestHash" FROM experiments WHERE owner = $1 AND idempotency_key = $2`,
            [experiment.owner, idempotency?.key],
          );
          if (first?.requestHash !== idempotency?.requestHash) {
            throw new RightsizeError("idempotency_conflict", "This Idempotency-Key was used for another request.", {
              issues: [{ where: "Idempotency-Key", received: `${idempotency?.key}`, required: "a key that was not used before" }],
            });
          }
          return { experiment: await readExperiment(sql, first?.id ?? ""), created: false };
        }
        await admit(sql, experiment);
        // Nobody else has seen it: there is nothing of it but this row, and nothing to read.
        const snapshot = { experiment: asExperiment(created), ...nothingYet };
        const { id, state, engineFingerprint } = snapshot.experiment;
        const row = { id, state, engineFingerprint, engine: snapshot.experiment.spec.engine.name, eventCount: created.eventCount };
        await workOn(sql, row, async (locked) => {
          locked.events.push({ kind: "experiment.created", data: { state: "QUEUED" } });
          const plan = advance(snapshot);
          if (plan) await writePlan(locked, snapshot, plan);
        });
        return { experiment: await readExperiment(sql, id), created: true };
      }),

    find: (owner, id) =>
      guard(async () => {
        const row = await prisma.experiment.findFirst({ where: owner === null ? { id } : { id, owner } });
        return row && asExperiment(row);
      }),

    findByIdempotencyKey: (owner, key) =>
      guard(async () => {
        const row = await prisma.experiment.findUnique({ where: { owner_idempotencyKey: { owner, idempotencyKey: key } } });
        return row && { experiment: asExperiment(row), requestHash: row.requestHash as never };
      }),

    snapshot: (id) => database.transaction((sql) => readSnapshot(sql, id), "snapshot"),

    advance: (id, advance) => advanceUnderLock(database, id, async (_locked, snapshot) => advance(snapshot)),

    advanceAtMoment: (id, advance) =>
      advanceUnderLock(database, id, async (locked, snapshot) => advance(snapshot, await readMoment(locked, id))),

    pastTimeLimit: (limit) =>
      guard(async () => {
        const rows = await database.sql.query<{ id: ExperimentId }>(
          // Attempts are summed only where there is a limit on their time: this is asked every second.
          `SELECT id FROM experiments WHERE state = 'RUNNING'
             AND (extract(epoch FROM clock_timestamp() - started_at) >= (spec->'limits'->>'wallSeconds')::float8
               OR spec->'limits'->>'cpuSeconds' IS NOT NULL AND (SELECT extract(epoch FROM sum(coalesce(ended_at, clock_timestamp()) - started_at)) FROM attempts
                   WHERE experiment_id = experiments.id) >= (spec->'limits'->>'cpuSeconds')::float8)
             AND EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id AND state IN ('QUEUED', 'RUNNING')
               AND decision IS NOT NULL AND purpose <> 'finalise')
           ORDER BY random() LIMIT $1`,
          [limit],
        );
        return rows.map((row) => row.id);
      }),

    remove: (owner, id) => removeExperiment(database, owner, id),

    anyLeft: () => guard(() => anyLeft(database.sql)),

    sweepLeft: (limit, remove) => sweepLeft(database, limit, remove),

    events: (id, afterSequence, limit) =>
      guard(async () => {
        const rows = await prisma.event.findMany({
          where: { experimentId: id, sequence: { gt: afterSequence } },
          orderBy: { sequence: "asc" },
          take: limit,
        });
        return rows.map(asEvent);
      }),

    idle: (limit) =>
      guard(async () => {
        // In random order, so that experiments for which nothing can be done here can't hide the others behind the limit.
        const rows = await database.sql.query<{ id: ExperimentId }>(
          `SELECT id FROM experiments WHERE state IN ('QUEUED', 'RUNNING')
             AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id AND state IN ('QUEUED', 'RUNNING') AND decision IS NOT NULL)
           ORDER BY random() LIMIT $1`,
          [limit],
        );
        return rows.map((row) => row.id);
      }),

    speculable: (fingerprints, limit) =>
      guard(async () => {
        const rows = await database.sql.query<{ id: ExperimentId }>(
          `SELECT id FROM experiments WHERE state = 'RUNNING' AND engine_fingerprint = ANY($1)
             AND EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id AND state = 'RUNNING' AND decision IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM assignments JOIN experiments AS theirs ON theirs.id = assignments.experiment_id
               WHERE assignments.state = 'QUEUED' AND (NOT speculative OR adopted_at IS NOT NULL) AND theirs.state IN ('QUEUED', 'RUNNING'))
           ORDER BY created_at, id LIMIT $2`,
          [fingerprints, limit],
        );
        return rows.map((row) => row.id);
      }),
  };
}

const nothingYet: Omit<ExperimentSnapshot, "experiment"> = { decisions: [], trials: [], runs: [], speculative: { trials: [], runs: [] } };

/** An experiment that this transaction has seen. */
async function readExperiment(sql: Sql, id: string): Promise<Experiment> {
  const [row] = await sql.query<ExperimentRow>(`SELECT ${experimentColumns} FROM experiments WHERE id = $1`, [id]);
  return asExperiment(row as ExperimentRow);
}

/** Shows `advance` what stands there under the experiment's lock, and writes its plan; false where there is none. */
async function advanceUnderLock(
  database: Database,
  id: ExperimentId,
  advance: (locked: Locked, snapshot: ExperimentSnapshot) => Promise<AdvancePlan | null>,
): Promise<boolean> {
  const wrote = await underLock(database, { experimentId: id }, async (locked) => {
    const snapshot = await readSnapshot(locked, id);
    const plan = snapshot && (await advance(locked, snapshot));
    if (!snapshot || !plan) return false;
    await writePlan(locked, snapshot, plan);
    return true;
  });
  return wrote ?? false;
}

/** Refuses an experiment (which stands in the table already, uncommitted) whose dataset went away meanwhile, or that is one too many. */
async function admit(sql: Sql, { admission, owner, spec }: NewExperiment): Promise<void> {
  if (admission === undefined) return;
  const held = await sql.query("SELECT 1 FROM datasets WHERE owner = $1 AND id = $2 FOR KEY SHARE", [owner, spec.dataset]);
  if (held.length === 0) throw datasetGone(spec.dataset);
  const { openExperiments } = admission;
  if (openExperiments === null) return;
  // One count at a time for each owner, and each sees what the one before committed.
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended('open experiments of ' || $1, 0))", [owner]);
  const [counted] = await sql.query<{ open: bigint }>(
    "SELECT count(*) AS open FROM experiments WHERE owner = $1 AND state IN ('QUEUED', 'RUNNING', 'PAUSED')",
    [owner],
  );
  if (Number(counted?.open ?? 0) > openExperiments) throw tooManyOpen(openExperiments);
}
