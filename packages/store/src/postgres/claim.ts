/** The claim: of many callers one gets the assignment, with a new attempt number and a lease on Postgres's clock. */
import { type Claim, isTerminal, type Refusal, type WorkStore } from "@rightsize/core";
import { eventOf, winnersAmong } from "../rules.ts";
import { endAssignment, lockAssignment, name, unfinishedRunsOf } from "./assignments.ts";
import type { Database } from "./database.ts";
import { type Locked, underLock } from "./lock.ts";
import {
  type AssignmentRow,
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

type ClaimRequest = Parameters<WorkStore["claim"]>[0];

export async function claimAssignment(database: Database, request: ClaimRequest): Promise<Claim | Refusal> {
  const answer = await underLock(database, { assignmentId: request.assignmentId }, async (locked): Promise<Claim | Refusal> => {
    const assignment = await lockAssignment(locked, request.assignmentId);
    if (assignment === null) return { refused: "unknown" };
    const { experiment } = locked;
    if (assignment.state === "CANCELLED") return { refused: "cancelled" };
    if (assignment.state === "COMPLETED" || assignment.state === "FAILED") return { refused: "completed" };
    if (isTerminal("experiment", experiment.state)) return { refused: "cancelled" };
    const unfinished = await unfinishedRunsOf(locked, assignment.id);
    if (unfinished.length === 0) return { refused: "completed" };
    if (assignment.state === "RUNNING" && !assignment.expired) return { refused: "leased" };
    if (experiment.state === "PAUSED") return { refused: "paused" };
    const fingerprint = request.fingerprints[experiment.engine];
    if (fingerprint === undefined) return { refused: "other_engine" };
    if (experiment.engineFingerprint !== null && experiment.engineFingerprint !== fingerprint) return { refused: "other_engine" };

    if (assignment.state === "RUNNING") {
      // Its lease is over and the reconciler has not come by yet.
      await endAssignment(locked, assignment, unfinished, "lease_lost", null);
    }
    const attempt = assignment.attempt + 1;
    await take(locked, assignment, request, attempt, fingerprint);
    const running = unfinished.map((run) => run.id);
    await locked.query("UPDATE runs SET state = 'RUNNING', started_at = coalesce(started_at, now()) WHERE id = ANY($1)", [running]);
    const startsTrial = unfinished.some((run) => run.purpose !== "finalise");
    if (startsTrial) await startTrial(locked, assignment.trialId);
    for (const run of unfinished) locked.events.push(eventOf.runStarted(name(run), attempt, request.workerId));
    return readClaim(locked, assignment, attempt, running);
  });
  return answer ?? { refused: "unknown" };
}

async function take(locked: Locked, assignment: AssignmentRow, request: ClaimRequest, attempt: number, fingerprint: string): Promise<void> {
  await locked.query(
    `UPDATE assignments SET state = 'RUNNING', attempt = $2, worker_id = $3,
       lease_until = clock_timestamp() + $4 * interval '1 millisecond' WHERE id = $1`,
    [assignment.id, attempt, request.workerId, request.leaseMs],
  );
  await locked.query("INSERT INTO attempts (assignment_id, number, experiment_id, worker_id) VALUES ($1, $2, $3, $4)", [
    assignment.id,
    attempt,
    assignment.experimentId,
    request.workerId,
  ]);
  const starts = locked.experiment.state === "QUEUED";
  if (!starts && locked.experiment.engineFingerprint !== null) return;
  await locked.query(
    `UPDATE experiments SET state = 'RUNNING', started_at = coalesce(started_at, now()), engine_fingerprint = coalesce(engine_fingerprint, $2)
     WHERE id = $1`,
    [assignment.experimentId, fingerprint],
  );
  if (starts) locked.events.push(eventOf.experimentState("RUNNING", null));
}

/** A waiting trial starts with its first claim; a completed one is reopened by runs that were added to it. */
async function startTrial(locked: Locked, trialId: string): Promise<void> {
  await locked.query("UPDATE trials SET state = 'RUNNING' WHERE id = $1 AND state IN ('PENDING', 'COMPLETED')", [trialId]);
}

async function readClaim(locked: Locked, assignment: AssignmentRow, attempt: number, runIds: readonly string[]): Promise<Claim> {
  const [experiment] = await locked.query<ExperimentRow>(`SELECT ${experimentColumns} FROM experiments WHERE id = $1`, [
    assignment.experimentId,
  ]);
  const [trial] = await locked.query<TrialRow>(`SELECT ${trialColumns} FROM trials WHERE id = $1`, [assignment.trialId]);
  const rows = await locked.query<RunRow>(`SELECT ${runColumns} FROM runs WHERE trial_id = $1 ORDER BY decision, position, id`, [
    assignment.trialId,
  ]);
  const mine = rows.filter((row) => runIds.includes(row.id));
  return {
    assignmentId: assignment.id as Claim["assignmentId"],
    attempt,
    experiment: asExperiment(experiment as ExperimentRow),
    trial: asTrial(trial as TrialRow),
    runs: mine.map(asRun),
    priority: assignment.priority,
    winners: mine.some((row) => row.purpose === "finalise") ? winnersAmong(rows.map(asRun)) : [],
    checkpoints: mine.flatMap((row) =>
      row.checkpointArtifact === null || row.checkpointEpoch === null
        ? []
        : [{ runId: row.id as Claim["runs"][0]["id"], artifact: row.checkpointArtifact as never, epoch: row.checkpointEpoch }],
    ),
  };
}
