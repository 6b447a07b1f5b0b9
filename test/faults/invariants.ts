/** I1 to I8 of the promises, read from the database itself after an experiment has ended. A sentence for each that is broken. */
import { canonicalText, type ExperimentId, type ExperimentSnapshot } from "@rightsize/core";
import { decideWithinLimits, policyContext, policyHistory, textHash } from "@rightsize/orchestrator";
import { createPostgresStore } from "@rightsize/store";
import { type Golden, goldenDifferences } from "./golden.ts";
import type { World } from "./world.ts";

/** Checks all of them; `golden` is null where the fault itself changes the outcome (F6). */
export async function brokenInvariants(world: World, id: string, golden: Golden | null): Promise<readonly string[]> {
  const found: string[] = [];
  const broken = (name: string, rows: readonly object[], what: string) => {
    if (rows.length > 0) found.push(`${name}: ${what}: ${JSON.stringify(rows.slice(0, 3))}`);
  };
  const rows = (sql: string) => world.database.rows(sql, [id]);

  for (const table of ["decisions", "events"]) {
    broken(
      "I1",
      await rows(`SELECT sequence, place FROM (SELECT sequence, row_number() OVER (ORDER BY sequence) AS place
        FROM ${table} WHERE experiment_id = $1) AS numbered WHERE sequence <> place`),
      `the numbers of ${table} have a gap`,
    );
  }
  broken("I2", await replayDifferences(world, id), "a replay gives another decision");
  broken(
    "I3",
    await rows(`SELECT id, state, ended FROM (SELECT id, state, result, (SELECT count(*)::int FROM events
        WHERE experiment_id = $1 AND kind = 'run.ended' AND data->>'runId' = runs.id) AS ended FROM runs WHERE experiment_id = $1 AND decision IS NOT NULL) AS run
      WHERE ended <> 1 OR state IN ('QUEUED', 'RUNNING') OR (result IS NULL AND state <> 'CANCELLED')`),
    "a run without exactly one terminal result",
  );
  if (golden !== null) found.push(...(await goldenDifferences(world, id, golden)).map((difference) => `I4: ${difference}`));
  broken(
    "I5",
    await rows(`SELECT runs.id, ended_by, runs.ended_at, attempts."end" FROM runs
        JOIN attempts ON attempts.assignment_id = runs.assignment_id AND attempts.number = ended_by
      WHERE runs.experiment_id = $1 AND attempts.ended_at < runs.ended_at AND attempts."end" <> 'cancelled'`),
    "a result was written by an attempt that had ended before",
  );
  broken(
    "I5",
    await rows(`SELECT epochs.run_id, epochs.epoch, epochs.attempt, ended_by FROM epochs JOIN runs ON runs.id = run_id
      WHERE runs.experiment_id = $1 AND epochs.attempt > coalesce(ended_by, 1000000)`),
    "an epoch of an attempt after the one that ended the run",
  );
  broken(
    "I5",
    await rows(`SELECT run_id, epoch, attempt, before FROM (SELECT run_id, epoch, attempt, max(attempt) OVER
        (PARTITION BY run_id ORDER BY epoch ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM epochs WHERE run_id IN (SELECT id FROM runs WHERE experiment_id = $1)) AS curve WHERE attempt < before`),
    "an earlier attempt wrote epochs after a later one had taken over",
  );
  broken(
    "I6",
    await rows(`SELECT id, state FROM assignments WHERE experiment_id = $1 AND state IN ('QUEUED', 'RUNNING')
        AND (SELECT state FROM experiments WHERE id = $1) IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
        AND coalesce(lease_until, dispatched_at) < now() - interval '20 seconds'`),
    "an assignment was left behind",
  );
  broken(
    "I7",
    await rows(`SELECT id, attempt, known FROM (SELECT id, attempt, (SELECT count(*)::int FROM attempts WHERE assignment_id = assignments.id
        AND number <= attempt) AS known FROM assignments WHERE experiment_id = $1) AS counted WHERE known <> attempt`),
    "an attempt was not recorded",
  );
  broken(
    "I7",
    await rows(`SELECT assignment_id, number, "end" FROM attempts WHERE experiment_id = $1 AND "end" IN ('crashed', 'lease_lost', 'released')
        AND NOT EXISTS (SELECT 1 FROM assignments WHERE id = assignment_id AND speculative AND (adopted_at IS NULL OR ended_at <= adopted_at))
        AND NOT EXISTS (SELECT 1 FROM events, runs WHERE events.experiment_id = $1 AND kind = 'run.requeued'
          AND data->>'runId' = runs.id AND runs.assignment_id = attempts.assignment_id AND (data->>'attempt')::int = attempts.number)`),
    "a wasted attempt shows in no event",
  );
  broken(
    "speculation",
    await rows(`SELECT events.sequence, kind, runs.id FROM events JOIN runs ON runs.id = data->>'runId'
      WHERE events.experiment_id = $1 AND runs.decision IS NULL`),
    "an event about a run that nobody asked for",
  );
  broken(
    "speculation",
    await rows(`SELECT runs.id, runs.state, experiments.state AS experiment FROM runs JOIN experiments ON experiments.id = experiment_id
      WHERE experiments.id = $1 AND experiments.ended_at IS NOT NULL AND decision IS NULL AND runs.state IN ('QUEUED', 'RUNNING')`),
    "a run that nobody asked for outlives its experiment",
  );
  found.push(...(await reachableByOthers(world, id)));
  return found;
}

/** Every stored decision beside what `decide` says now about the history before it. */
async function replayDifferences(world: World, id: string): Promise<readonly object[]> {
  const store = await createPostgresStore({ url: world.databaseUrl, poolSize: 2 });
  try {
    const snapshot = await store.experiments.snapshot(id as ExperimentId);
    if (snapshot === null) return [{ id, snapshot: null }];
    return differencesOf(snapshot);
  } finally {
    await store.close();
  }
}

export function differencesOf(snapshot: ExperimentSnapshot): readonly object[] {
  const { spec, plan } = snapshot.experiment;
  // Runs that failed or were cancelled are no outcomes; decisions before them can still be told again.
  const unusable = snapshot.runs.filter(({ state }) => state === "FAILED" || state === "CANCELLED").map(({ decision }) => decision);
  const until = Math.min(snapshot.decisions.length, ...unusable);
  const usable = {
    ...snapshot,
    decisions: snapshot.decisions.slice(0, until),
    runs: snapshot.runs.filter(({ decision }) => decision <= until && !unusable.includes(decision)),
  };
  const complete = { ...usable, decisions: usable.decisions.filter(({ sequence }) => !unusable.includes(sequence)) };
  const history = policyHistory(complete);
  return usable.decisions.flatMap((stored, index) => {
    const before = index === 0 ? [] : history.slice(0, index);
    const last = before.at(-1);
    const told = last === undefined ? before : [...before.slice(0, -1), { ...last, limit: stored.limit ?? null }];
    const again = canonicalText(decideWithinLimits(policyContext(spec, plan), spec.limits, told));
    return again === stored.text && textHash(again) === stored.hash ? [] : [{ sequence: stored.sequence, stored: stored.text, again }];
  });
}

/** I8: gives the experiment to another owner for a moment; then no route may show it to us. */
async function reachableByOthers(world: World, id: string): Promise<readonly string[]> {
  const [{ owner } = { owner: "" }] = await world.database.rows<{ owner: string }>("SELECT owner FROM experiments WHERE id = $1", [id]);
  const found: string[] = [];
  await world.database.rows("UPDATE experiments SET owner = 'somebody else' WHERE id = $1", [id]);
  try {
    for (const path of ["", "/trials", "/decisions", "/events", "/model"]) {
      const { status } = await world.api.raw(`/v1/experiments/${id}${path}`);
      if (status !== 404) found.push(`I8: GET /v1/experiments/:id${path} of another owner answered ${status}`);
    }
  } finally {
    await world.database.rows("UPDATE experiments SET owner = $2 WHERE id = $1", [id, owner]);
  }
  return found;
}
