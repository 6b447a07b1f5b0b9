/** Writes what one step of an experiment wants: decision, trials, runs, cancellations, state. All of it under the experiment's lock. */
import {
  type Adoption,
  type AdvancePlan,
  type AssignmentId,
  type ExperimentSnapshot,
  isTerminal,
  type Moment,
  mayBecome,
  type NewAssignment,
  type NewRun,
  type NewSpeculation,
  type NewTrial,
  RightsizeError,
  type TrialChange,
} from "@rightsize/core";
import { checkPlan, dispatchingStates, eventOf, notAdoptable, refusedChange } from "../rules.ts";
import { cancelAssignments, lockAssignmentsOf, type NamedRunRow, name, stopRuns } from "./assignments.ts";
import type { Sql } from "./database.ts";
import type { Locked } from "./lock.ts";
import {
  apart,
  asDecision,
  asExperiment,
  asRun,
  asTrial,
  type DecisionRow,
  decisionColumns,
  type ExperimentRow,
  experimentColumns,
  type RunRow,
  runColumns,
  type TrialRow,
  trialColumns,
} from "./rows.ts";

/** Reads everything of an experiment; consistent under its lock or in a snapshot transaction. */
export async function readSnapshot(sql: Sql, id: string): Promise<ExperimentSnapshot | null> {
  const [experiment] = await sql.query<ExperimentRow>(`SELECT ${experimentColumns} FROM experiments WHERE id = $1`, [id]);
  if (experiment === undefined) return null;
  const decisions = await sql.query<DecisionRow>(`SELECT ${decisionColumns} FROM decisions WHERE experiment_id = $1 ORDER BY sequence`, [
    id,
  ]);
  const trials = await sql.query<TrialRow>(
    `SELECT ${trialColumns} FROM trials WHERE experiment_id = $1 ORDER BY number NULLS LAST, created_at, id`,
    [id],
  );
  const runs = await sql.query<RunRow>(`SELECT ${runColumns} FROM runs WHERE experiment_id = $1 ORDER BY decision, position, id`, [id]);
  const { asked, speculative } = apart(runs.map(asRun));
  const all = trials.map(asTrial);
  return {
    experiment: asExperiment(experiment),
    decisions: decisions.map(asDecision),
    trials: all.filter(({ number }) => number !== null),
    runs: asked,
    speculative: { trials: all.filter(({ number }) => number === null), runs: speculative },
  };
}

/** The moment, for a limit on time: the clock's, not the beginning of the transaction, which may have waited for the lock. */
export async function readMoment(sql: Sql, id: string): Promise<Moment> {
  const rows = await sql.query<{ now: Date; assignmentId: AssignmentId | null; startedAt: Date | null }>(
    `SELECT clock_timestamp() AS now, assignment_id AS "assignmentId", started_at AS "startedAt"
     FROM (SELECT 1) AS always LEFT JOIN attempts ON experiment_id = $1 AND ended_at IS NULL`,
    [id],
  );
  return {
    now: (rows[0]?.now ?? new Date(Number.NaN)).toISOString(),
    attempts: rows.flatMap(({ assignmentId, startedAt }) =>
      assignmentId === null || startedAt === null ? [] : [{ assignmentId, startedAt: startedAt.toISOString() }],
    ),
  };
}

/** Writes a plan that was made from this snapshot. */
export async function writePlan(locked: Locked, snapshot: ExperimentSnapshot, plan: AdvancePlan): Promise<void> {
  const id = snapshot.experiment.id;
  checkPlan(plan, snapshot.decisions.length);
  if (plan.decision) {
    const { sequence, text, hash, limit = null } = plan.decision;
    const reached = limit === null ? null : JSON.stringify(limit);
    await locked.query("INSERT INTO decisions (experiment_id, sequence, text, hash, limit_reached) VALUES ($1, $2, $3, $4, $5)", [
      id,
      sequence,
      text,
      hash,
      reached,
    ]);
  }
  const { stop = [], adopt = [] } = plan;
  await lockAssignmentsOf(
    locked,
    [...stop, ...adopt].map(({ runId }) => runId),
  );
  await stopRuns(locked, stop);
  for (const trial of plan.newTrials) await insertTrial(locked, id, trial);
  for (const change of plan.trialChanges) await changeTrial(locked, snapshot, plan, change);
  await insertAssignments(locked, id, plan.assignments, false);
  await insertAssignments(locked, id, plan.speculate ?? [], true);
  await cancelAssignments(locked, plan.cancelAssignments);
  await changeExperiment(locked, snapshot, plan);
  locked.events.push(...plan.events);
  // After the plan's own events: what an adopted run did before it was asked for is told once it is.
  for (const adoption of adopt) await adoptRun(locked, adoption);
}

async function insertTrial(locked: Locked, experimentId: string, trial: NewTrial): Promise<void> {
  await locked.query(
    `INSERT INTO trials (id, experiment_id, number, hidden_layers, nodes_per_layer, parameter_count, speculative, recipe)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      trial.id,
      experimentId,
      trial.number,
      trial.capacity.hiddenLayers,
      trial.capacity.nodesPerLayer,
      trial.parameterCount,
      trial.speculative,
      JSON.stringify(trial.recipe),
    ],
  );
}

const trialColumnOf = {
  number: "number",
  state: "state",
  score: "score",
  metrics: "metrics",
  nextStep: "next_step",
  verdict: "verdict",
  winner: "winner",
  recipe: "recipe",
} as const satisfies Record<Exclude<keyof TrialChange, "id">, string>;

async function changeTrial(locked: Locked, snapshot: ExperimentSnapshot, plan: AdvancePlan, change: TrialChange): Promise<void> {
  // The snapshot was read under the lock, so it is what the table holds.
  const known = [...snapshot.trials, ...snapshot.speculative.trials].find((trial) => trial.id === change.id);
  const before = known?.state;
  const state = before ?? (plan.newTrials.some((trial) => trial.id === change.id) ? "PENDING" : null);
  if (state === null) throw new RightsizeError("not_found", `The experiment has no trial ${change.id}.`);
  // To stay in a state is no change of it.
  if (change.state && change.state !== state && !mayBecome("trial", state, change.state)) {
    throw refusedChange("trial", change.id, state, change.state);
  }
  const values: unknown[] = [change.id];
  const sets = (Object.keys(trialColumnOf) as (keyof typeof trialColumnOf)[])
    .filter((member) => change[member] !== undefined)
    .map((member) => {
      const value = change[member];
      values.push(typeof value === "object" && value !== null ? JSON.stringify(value) : value);
      return `${trialColumnOf[member]} = $${values.length}`;
    });
  if (change.number !== undefined) sets.push("speculative = false");
  if (sets.length > 0) await locked.query(`UPDATE trials SET ${sets.join(", ")} WHERE id = $1`, values);
}

async function insertAssignments(
  locked: Locked,
  experimentId: string,
  assignments: readonly (NewAssignment | NewSpeculation)[],
  speculative: boolean,
): Promise<void> {
  if (assignments.length === 0) return;
  const runs = assignments.flatMap((assignment) =>
    assignment.runs.map((run: NewSpeculation["runs"][number] & Partial<NewRun>) => ({ ...run, assignmentId: assignment.id })),
  );
  await locked.query(
    `INSERT INTO assignments (experiment_id, speculative, id, trial_id, priority)
     SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::int4[])`,
    [
      experimentId,
      speculative,
      assignments.map((assignment) => assignment.id),
      assignments.map((assignment) => assignment.trialId),
      assignments.map((assignment) => assignment.priority),
    ],
  );
  await locked.query(
    `INSERT INTO runs (experiment_id, assignment_id, id, trial_id, content_hash, purpose, seed, fold, learning_rate, max_epochs, decision, position)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::run_purpose[], $7::int8[], $8::int4[], $9::float8[], $10::int4[], $11::int4[], $12::int4[])`,
    [
      experimentId,
      runs.map((run) => run.assignmentId),
      runs.map((run) => run.id),
      runs.map((run) => run.trialId),
      runs.map((run) => run.contentHash),
      runs.map((run) => run.purpose),
      runs.map((run) => run.seed),
      runs.map((run) => run.fold),
      runs.map((run) => run.learningRate),
      runs.map((run) => run.maxEpochs ?? null),
      runs.map((run) => run.decision ?? null),
      runs.map((run) => run.position ?? null),
    ],
  );
}

/** Under the experiment's lock no result comes in between: what was planned on is what is adopted. */
async function adoptRun(locked: Locked, { runId, decision, position, purpose, priority }: Adoption): Promise<void> {
  const [run] = await locked.query<NamedRunRow>(
    `UPDATE runs SET decision = $3, position = $4, purpose = $5::run_purpose FROM trials
     WHERE runs.id = $1 AND runs.experiment_id = $2 AND decision IS NULL AND runs.state NOT IN ('FAILED', 'CANCELLED')
       AND trials.id = runs.trial_id
     RETURNING ${runColumns}, trials.number AS trial`,
    [runId, locked.experiment.id, decision, position, purpose],
  );
  if (run === undefined) throw notAdoptable(runId, "another one");
  const [assignment] = await locked.query<{ attempt: number; workerId: string | null }>(
    `UPDATE assignments SET adopted_at = coalesce(adopted_at, clock_timestamp()), priority = least(priority, $2) WHERE id = $1
     RETURNING attempt, worker_id AS "workerId"`,
    [run.assignmentId, priority],
  );
  if (run.state === "QUEUED") {
    if (dispatchingStates.includes(locked.experiment.state)) await locked.dispatch([run.assignmentId]);
    return;
  }
  locked.events.push(eventOf.runStarted(name(run), assignment?.attempt ?? 0, assignment?.workerId ?? ""));
  if (run.state !== "RUNNING") locked.events.push(eventOf.runEnded(name(run), run.state, asRun(run).result));
}

async function changeExperiment(locked: Locked, snapshot: ExperimentSnapshot, plan: AdvancePlan): Promise<void> {
  const before = snapshot.experiment;
  const state = plan.experiment?.state ?? before.state;
  if (plan.experiment) {
    const { stateReason, answer } = plan.experiment;
    if (state !== before.state && !mayBecome("experiment", before.state, state)) {
      throw refusedChange("experiment", before.id, before.state, state);
    }
    await locked.query(
      `UPDATE experiments SET state = $2::experiment_state,
         state_reason = CASE WHEN $3::boolean THEN $4::text ELSE state_reason END,
         answer = coalesce($5::json, answer),
         started_at = CASE WHEN $2::experiment_state = 'RUNNING' THEN coalesce(started_at, now()) ELSE started_at END,
         ended_at = CASE WHEN $6::boolean THEN now() ELSE ended_at END
       WHERE id = $1`,
      [
        before.id,
        state,
        stateReason !== undefined,
        stateReason ?? null,
        answer === undefined ? null : JSON.stringify(answer),
        state !== before.state && isTerminal("experiment", state),
      ],
    );
  }
  if (state !== before.state && isTerminal("experiment", state)) await endEverything(locked, state);
  else if (before.state === "PAUSED" && dispatchingStates.includes(state)) {
    // Resumed: what waited goes on the queue again, what this plan adds too.
    const waiting = await locked.query<{ id: string }>("SELECT id FROM assignments WHERE experiment_id = $1 AND state = 'QUEUED'", [
      before.id,
    ]);
    await locked.dispatch(waiting.map((assignment) => assignment.id));
  } else if (dispatchingStates.includes(state)) await locked.dispatch(plan.assignments.map((assignment) => assignment.id));
}

/** An experiment at its end leaves nothing outstanding: workers hear `cancel` at their next heartbeat. */
async function endEverything(locked: Locked, state: string): Promise<void> {
  const open = await locked.query<{ id: string }>(
    "SELECT id FROM assignments WHERE experiment_id = $1 AND state IN ('QUEUED', 'RUNNING') ORDER BY created_at, id",
    [locked.experiment.id],
  );
  await cancelAssignments(
    locked,
    open.map((assignment) => assignment.id),
  );
  await locked.query(
    "UPDATE trials SET state = 'CANCELLED' WHERE experiment_id = $1 AND state IN ('PENDING', 'RUNNING') AND ($2::text <> 'SUCCEEDED' OR speculative)",
    [locked.experiment.id, state],
  );
}
