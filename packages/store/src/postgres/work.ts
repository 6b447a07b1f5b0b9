/** Assignments in Postgres: every write of a worker carries its attempt number, and a stale one changes nothing and is counted. */
import { type AssignmentId, type AttemptRef, RightsizeError, type RunState, type SpeculationUse, type WorkStore } from "@rightsize/core";
import { distinctEpochs, eventOf, foreignRun, noRuns, staleAttempt, unfinishedRuns } from "../rules.ts";
import { endAssignment, lockAssignment, unfinishedRunsOf } from "./assignments.ts";
import { dropCheckpoints, pointToCheckpoint } from "./checkpoints.ts";
import { claimAssignment } from "./claim.ts";
import { readCurve } from "./curve.ts";
import type { Database } from "./database.ts";
import { underLock } from "./lock.ts";
import { reconcileAssignments } from "./reconcile.ts";
import { type AssignmentRow, apart, asAttempt, asEpoch, asExperiment, asRun, asTrial, type RunRow } from "./rows.ts";
import { channel } from "./signals.ts";
import { sweepCheckpoints } from "./sweep.ts";
import { readTrainedRuns } from "./trained-runs.ts";

const staleWrites = "stale_writes";

export function postgresWork(database: Database): WorkStore {
  const { prisma, sql, guard } = database;

  /** Runs a worker's write; a refusal as stale is counted, outside of the transaction that refused. */
  async function fenced<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await guard(write);
    } catch (error) {
      if (error instanceof RightsizeError && error.code === "stale_attempt") {
        await sql
          .query("INSERT INTO counters (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1", [
            staleWrites,
          ])
          .catch(() => {});
      }
      throw error;
    }
  }

  /** Why a fenced write found nothing: for the message. */
  async function whyStale(ref: AttemptRef): Promise<RightsizeError> {
    const [row] = await sql.query<Pick<AssignmentRow, "attempt" | "state">>("SELECT attempt, state FROM assignments WHERE id = $1", [
      ref.assignmentId,
    ]);
    return staleAttempt(ref, row ? `it is ${row.state} at attempt ${row.attempt}` : "there is no such assignment");
  }

  return {
    claim: (request) => claimAssignment(database, request),

    heartbeat: (ref, leaseMs) =>
      fenced(async () => {
        const [held] = await sql.query<{ state: string }>(
          `UPDATE assignments SET lease_until = clock_timestamp() + $3 * interval '1 millisecond' FROM experiments
           WHERE assignments.id = $1 AND attempt = $2 AND assignments.state = 'RUNNING' AND experiments.id = experiment_id
           RETURNING experiments.state`,
          [ref.assignmentId, ref.attempt, leaseMs],
        );
        if (held) return held.state === "CANCELLED" || held.state === "FAILED" || held.state === "SUCCEEDED" ? "cancel" : "continue";
        const [row] = await sql.query<Pick<AssignmentRow, "attempt" | "state">>("SELECT attempt, state FROM assignments WHERE id = $1", [
          ref.assignmentId,
        ]);
        // Ended by others while this attempt held it: it is not wanted any more.
        if (row?.attempt === ref.attempt && row.state !== "QUEUED") return "cancel";
        throw await whyStale(ref);
      }),

    appendEpochs: (ref, epochs) =>
      fenced(async () => {
        const batch = distinctEpochs(epochs);
        if (batch.length === 0) return;
        // FOR SHARE: a takeover waits for this batch, or this batch sees the takeover.
        const [found] = await sql.query<{ held: boolean; foreign: string[] | null }>(
          `WITH held AS MATERIALIZED (
             SELECT id, experiment_id FROM assignments WHERE id = $1 AND attempt = $2 AND state = 'RUNNING' FOR SHARE
           ), given AS MATERIALIZED (
             SELECT * FROM unnest($3::text[], $4::int4[], $5::text::float8[], $6::text::float8[], $7::text::float8[], $8::text[], $9::text[])
               AS given(run_id, epoch, training_loss, validation_loss, learning_rate, metrics, diagnostics)
           ), latest AS (
             SELECT run_id, max(epoch) AS epoch FROM given GROUP BY run_id
           ), foreign_runs AS MATERIALIZED (
             SELECT run_id FROM latest LEFT JOIN runs ON runs.id = latest.run_id AND runs.assignment_id = $1 WHERE runs.id IS NULL
           ), allowed AS MATERIALIZED (
             SELECT experiment_id FROM held WHERE NOT EXISTS (SELECT 1 FROM foreign_runs)
           ), written AS (
             INSERT INTO epochs (run_id, epoch, attempt, training_loss, validation_loss, learning_rate, metrics, diagnostics)
             SELECT run_id, epoch, $2, training_loss, validation_loss, learning_rate, metrics::json, diagnostics::json FROM given, allowed
             ON CONFLICT (run_id, epoch) DO UPDATE SET attempt = excluded.attempt, training_loss = excluded.training_loss,
               validation_loss = excluded.validation_loss, learning_rate = excluded.learning_rate,
               metrics = excluded.metrics, diagnostics = excluded.diagnostics
             WHERE epochs.attempt < excluded.attempt
           ), counted AS (
             UPDATE runs SET epochs = greatest(runs.epochs, latest.epoch) FROM latest, allowed WHERE runs.id = latest.run_id
           )
           SELECT EXISTS (SELECT 1 FROM held) AS held, (SELECT array_agg(run_id) FROM foreign_runs) AS foreign,
             (SELECT count(pg_notify('${channel}', 'e:' || experiment_id)) FROM allowed) AS told`,
          [
            ref.assignmentId,
            ref.attempt,
            batch.map((epoch) => epoch.runId),
            batch.map((epoch) => epoch.epoch),
            numbers(batch.map((epoch) => epoch.trainingLoss)),
            numbers(batch.map((epoch) => epoch.validationLoss)),
            numbers(batch.map((epoch) => epoch.learningRate)),
            batch.map(({ metrics }) => (metrics === undefined ? null : JSON.stringify(metrics))),
            batch.map(({ diagnostics }) => (diagnostics === undefined ? null : JSON.stringify(diagnostics))),
          ],
        );
        if (!found?.held) throw await whyStale(ref);
        if (found.foreign) throw foreignRun(ref, found.foreign);
      }),

    recordCheckpoint: (ref, checkpoint) => fenced(() => pointToCheckpoint(database, ref, checkpoint, whyStale)),

    sweepCheckpoints: (limit, remove) => sweepCheckpoints(database, limit, remove),

    completeRun: (ref, runId, outcome) =>
      fenced(async () => {
        const result = JSON.stringify(outcome.result);
        const done = await underLock(database, { assignmentId: ref.assignmentId }, async (locked) => {
          const [ended] = await locked.query<RunRow & { trial: number | null }>(
            `UPDATE runs SET state = $4::run_state, result = $5, ended_by = $2, ended_at = now(), reused_from = $7,
               epochs = coalesce((SELECT max(epoch) FROM epochs WHERE run_id = $3 AND (epoch <= $6 OR attempt = $2)), 0)
             FROM assignments, trials
             WHERE assignments.id = $1 AND assignments.attempt = $2 AND assignments.state = 'RUNNING' AND trials.id = runs.trial_id
               AND runs.id = $3 AND runs.assignment_id = $1 AND runs.state = 'RUNNING'
             RETURNING runs.id, runs.trial_id AS "trialId", trials.number AS trial, runs.purpose, runs.decision,
               checkpoint_artifact AS "checkpointArtifact"`,
            [ref.assignmentId, ref.attempt, runId, outcome.state, result, outcome.result.epochs, outcome.reusedFrom ?? null],
          );
          if (ended === undefined) return false;
          // What an earlier attempt recorded beyond this one's end is no part of this run's curve.
          await locked.query("DELETE FROM epochs WHERE run_id = $1 AND epoch > $2 AND attempt < $3", [
            runId,
            outcome.result.epochs,
            ref.attempt,
          ]);
          if (ended.checkpointArtifact !== null) await dropCheckpoints(locked, [runId]);
          if (ended.decision !== null) locked.events.push(eventOf.runEnded(ended, outcome.state, outcome.result));
          if (outcome.answer) {
            await locked.query("UPDATE experiments SET answer = $2 WHERE id = $1", [locked.experiment.id, JSON.stringify(outcome.answer)]);
          }
          return true;
        });
        if (done) return;
        // The same commit again after a lost acknowledgement is no second result.
        const [stored] = await sql.query<{ same: boolean }>(
          `SELECT state = $4::run_state AND ended_by = $3 AND result::text = $5 AS same FROM runs WHERE id = $2 AND assignment_id = $1`,
          [ref.assignmentId, runId, ref.attempt, outcome.state, result],
        );
        if (!stored?.same) throw await whyStale(ref);
      }),

    endAttempt: (ref, end, detail) =>
      fenced(async () => {
        const done = await underLock(database, { assignmentId: ref.assignmentId }, async (locked) => {
          const assignment = await lockAssignment(locked, ref.assignmentId);
          if (assignment?.attempt !== ref.attempt || assignment.state !== "RUNNING") return false;
          const unfinished = await unfinishedRunsOf(locked, assignment.id);
          if (end === "completed" && unfinished.length > 0) {
            throw unfinishedRuns(
              ref,
              unfinished.map((run) => run.id),
            );
          }
          await endAssignment(locked, assignment, unfinished, end, detail);
          return true;
        });
        if (done) return;
        // Said twice (a lost acknowledgement), or ended by a cancellation that the worker has just obeyed.
        const [ended] = await sql.query<{ settled: boolean }>(
          `SELECT "end" = $3::attempt_end OR ("end" = 'cancelled' AND state IN ('CANCELLED', 'FAILED')) AS settled
           FROM attempts JOIN assignments ON assignments.id = assignment_id
           WHERE assignment_id = $1 AND number = $2 AND assignments.attempt = $2`,
          [ref.assignmentId, ref.attempt, end],
        );
        if (!ended?.settled) throw await whyStale(ref);
      }),

    reconcile: (limits) => reconcileAssignments(database, limits),

    attempts: (experimentId) =>
      guard(async () => {
        const rows = await prisma.attempt.findMany({
          where: { experimentId },
          orderBy: [{ startedAt: "asc" }, { assignmentId: "asc" }, { number: "asc" }],
        });
        return rows.map(asAttempt);
      }),

    epochs: (runId, afterEpoch, limit) =>
      guard(async () => {
        const rows = await prisma.epoch.findMany({ where: { runId, epoch: { gt: afterEpoch } }, orderBy: { epoch: "asc" }, take: limit });
        return rows.map(asEpoch);
      }),

    trainedRuns: (owner, dataset, limit) => guard(() => readTrainedRuns(database)(owner, dataset, limit)),

    curve: (runId, points) => guard(() => readCurve(database, runId, points)),

    findTrial: (id) =>
      guard(async () => {
        const trial = await prisma.trial.findUnique({ where: { id }, include: { experiment: true } });
        if (trial === null || trial.number === null) return null;
        const runs = await prisma.run.findMany({
          where: { trialId: id },
          orderBy: [{ decision: "asc" }, { position: "asc" }, { id: "asc" }],
        });
        return { experiment: asExperiment(trial.experiment), trial: asTrial(trial), runs: apart(runs.map(asRun)).asked };
      }),

    speculativeAmong: (ids) =>
      guard(async () => {
        const rows = await sql.query<{ id: AssignmentId }>(
          "SELECT id FROM assignments WHERE id = ANY($1) AND speculative AND adopted_at IS NULL",
          [ids],
        );
        return rows.map(({ id }) => id);
      }),

    speculationUse: (experimentId) =>
      guard(async () => {
        const [row] = await sql.query<Record<keyof SpeculationUse, number>>(
          // An attempt's time counts until its assignment was adopted: afterwards it is as any other.
          `WITH speculated AS MATERIALIZED (
             SELECT id, adopted_at FROM assignments WHERE speculative AND ($1::text IS NULL OR experiment_id = $1)
           ), spent AS (
             SELECT adopted_at IS NOT NULL AS adopted,
               extract(epoch FROM least(coalesce(ended_at, clock_timestamp()), adopted_at) - started_at)::float8 * 1000 AS ms
             FROM speculated JOIN attempts ON assignment_id = speculated.id WHERE adopted_at IS NULL OR started_at < adopted_at
           ), trained AS (
             SELECT decision IS NOT NULL AS adopted FROM speculated JOIN runs ON assignment_id = speculated.id
           )
           SELECT (SELECT count(*) FROM trained WHERE adopted)::int4 AS "adoptedRuns",
             (SELECT count(*) FROM trained WHERE NOT adopted)::int4 AS "unusedRuns",
             (SELECT coalesce(sum(ms), 0) FROM spent WHERE adopted) AS "adoptedMs",
             (SELECT coalesce(sum(ms), 0) FROM spent WHERE NOT adopted) AS "unusedMs"`,
          [experimentId],
        );
        return row as SpeculationUse;
      }),

    runCounts: () =>
      guard(async () => {
        const rows = await sql.query<{ state: RunState; count: bigint }>("SELECT state, count(*) AS count FROM runs GROUP BY state");
        return { ...noRuns, ...Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)])) };
      }),

    pace: () =>
      guard(async () => {
        const [row] = await sql.query<{ epochs: bigint | null; gap: number | null }>(
          // Not clock_timestamp(): no index can be searched for what changes within a statement.
          // Starts and ends of each worker's attempts in order of time: the gap before a start is the time since the last end.
          `WITH moments AS (
             SELECT worker_id, started_at AS at, NULL::timestamptz AS ended FROM attempts
             WHERE started_at > statement_timestamp() - interval '10 minutes'
             UNION ALL
             SELECT worker_id, ended_at, ended_at FROM attempts WHERE ended_at > statement_timestamp() - interval '10 minutes'
           ), gaps AS (
             SELECT at, ended, extract(epoch FROM at - max(ended) OVER (PARTITION BY worker_id ORDER BY at, ended))::float8 * 1000 AS ms
             FROM moments
           )
           SELECT (SELECT sum(epochs) FROM runs WHERE ended_at > statement_timestamp() - interval '1 minute') AS epochs,
             (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM gaps
              WHERE ended IS NULL AND ms IS NOT NULL AND at > statement_timestamp() - interval '1 minute') AS gap`,
        );
        return { epochsPerSecond: Number(row?.epochs ?? 0) / 60, slotGapMs: row?.gap ?? null };
      }),

    staleWriteCount: () => guard(async () => Number((await prisma.counter.findUnique({ where: { name: staleWrites } }))?.value ?? 0)),
  };
}

/** An array literal; unlike JSON it knows NaN and infinities, which a diverging run has. */
function numbers(values: readonly number[]): string {
  return `{${values.join(",")}}`;
}
