/** The claim: of many callers one gets the assignment, with a new attempt number and a lease on Postgres's clock. */
import { type Claim, isTerminal, type Refusal, type WorkStore } from "@rightsize/core";
import { eventOf, isUnasked } from "../rules.ts";
import { endAssignment, lockAssignment, name, unfinishedRunsOf } from "./assignments.ts";
import { checkpointsOf } from "./checkpoints.ts";
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
    let unfinished = await unfinishedRunsOf(locked, assignment.id);
    if (unfinished.length === 0) return { refused: "completed" };
    if (assignment.state === "RUNNING" && !assignment.expired) return { refused: "leased" };
    if (experiment.state === "PAUSED") return { refused: "paused" };
    const fingerprint = request.fingerprints[experiment.engine];
    if (fingerprint === undefined) return { refused: "other_engine" };
    if (experiment.engineFingerprint !== null && experiment.engineFingerprint !== fingerprint) return { refused: "other_engine" };

    if (assignment.state === "RUNNING") {
      // Its lease is over and the reconciler has not come by yet.
      await endAssignment(locked, assignment, unfinished, "lease_lost", null);
      unfinished = await unfinishedRunsOf(locked, assignment.id);
      if (isUnasked(assignment) || unfinished.length === 0) return { refused: "completed" };
    }
    const attempt = assignment.attempt + 1;
    const running = unfinished.map((run) => run.id);
    const asked = unfinished.filter(({ decision }) => decision !== null);
    const trains = asked.some((run) => run.purpose !== "finalise");
    await take(locked, assignment, request, { attempt, fingerprint, running, trains });
    for (const run of asked) locked.events.push(eventOf.runStarted(name(run), attempt, request.workerId));
    return readClaim(locked, assignment, attempt, running);
  });
  return answer ?? { refused: "unknown" };
}

/**
 * Everything that a claim changes. A waiting trial starts with its first claim; a completed one is reopened by runs that were added to
 * it, but not by `finalise`, which only looks at it.
 */
async function take(
  locked: Locked,
  assignment: AssignmentRow,
  request: ClaimRequest,
  taken: { readonly attempt: number; readonly fingerprint: string; readonly running: readonly string[]; readonly trains: boolean },
): Promise<void> {
  await locked.query(
    `WITH leased AS (
       UPDATE assignments SET state = 'RUNNING', attempt = $2, worker_id = $3,
         lease_until = clock_timestamp() + $4 * interval '1 millisecond' WHERE id = $1
     ), counted AS (
       INSERT INTO attempts (assignment_id, number, experiment_id, worker_id) VALUES ($1, $2, $5, $3)
     ), pinned AS (
       UPDATE experiments SET state = 'RUNNING', started_at = coalesce(started_at, clock_timestamp()), engine_fingerprint = $6
       WHERE id = $5 AND (state = 'QUEUED' OR engine_fingerprint IS NULL)
     ), started AS (
       UPDATE runs SET state = 'RUNNING', started_at = coalesce(started_at, clock_timestamp()) WHERE id = ANY($7)
     )
     UPDATE trials SET state = 'RUNNING' WHERE id = $8 AND $9 AND state IN ('PENDING', 'COMPLETED')`,
    [
      assignment.id,
      taken.attempt,
      request.workerId,
      request.leaseMs,
      assignment.experimentId,
      taken.fingerprint,
      taken.running,
      assignment.trialId,
      taken.trains,
    ],
  );
  if (locked.experiment.state === "QUEUED") locked.events.push(eventOf.experimentState("RUNNING", null));
}

async function readClaim(locked: Locked, assignment: AssignmentRow, attempt: number, runIds: readonly string[]): Promise<Claim> {
  const [experiment] = await locked.query<ExperimentRow>(`SELECT ${experimentColumns} FROM experiments WHERE id = $1`, [
    assignment.experimentId,
  ]);
  const [trial] = await locked.query<TrialRow>(`SELECT ${trialColumns} FROM trials WHERE id = $1`, [assignment.trialId]);
  const mine = await locked.query<RunRow>(`SELECT ${runColumns} FROM runs WHERE id = ANY($1) ORDER BY decision, position, id`, [runIds]);
  const donors = await donorsOf(locked, experiment as ExperimentRow, mine);
  return {
    assignmentId: assignment.id as Claim["assignmentId"],
    attempt,
    experiment: asExperiment(experiment as ExperimentRow),
    trial: asTrial(trial as TrialRow),
    runs: mine.map(asRun),
    priority: assignment.priority,
    donors,
    checkpoints: mine.flatMap((row) => checkpointsOf(row).map((checkpoint) => ({ runId: asRun(row).id, ...checkpoint }))),
  };
}

/** For each run the oldest finished run of the same owner, content and engine fingerprint. */
async function donorsOf(locked: Locked, experiment: ExperimentRow, mine: readonly RunRow[]): Promise<Claim["donors"]> {
  const wanted = mine.filter((row) => row.purpose !== "finalise");
  if (wanted.length === 0) return [];
  const found = await locked.query<RunRow>(
    `SELECT DISTINCT ON (content_hash) ${runColumns} FROM runs
     WHERE content_hash = ANY($1) AND state IN ('COMPLETED', 'DIVERGED') AND purpose <> 'finalise' AND reused_from IS NULL
       AND experiment_id IN (SELECT id FROM experiments WHERE owner = $2 AND engine_fingerprint = $3)
     ORDER BY content_hash, ended_at, id`,
    [wanted.map((row) => row.contentHash), experiment.owner, experiment.engineFingerprint],
  );
  return wanted.flatMap((row) => {
    const donor = found.find((candidate) => candidate.contentHash === row.contentHash);
    return donor === undefined ? [] : [{ runId: asRun(row).id, donor: asRun(donor) }];
  });
}
