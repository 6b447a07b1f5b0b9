/** Looks into a running experiment: waits for a moment to strike. */
import { holdsWithin } from "./fault.ts";
import type { World } from "./world.ts";

/** Waits until a run of the experiment is being trained and has recorded epochs; says which. */
export async function untilTraining(world: World, id: string, epochs = 1, withinMs = 30_000): Promise<string> {
  let run = "";
  const sql = `SELECT runs.id FROM runs JOIN assignments ON assignments.id = assignment_id
    WHERE runs.experiment_id = $1 AND runs.state = 'RUNNING' AND assignments.state = 'RUNNING' AND runs.epochs >= $2 LIMIT 1`;
  const found = await holdsWithin(withinMs, async () => {
    run = (await world.database.value<string | undefined>(sql, [id, epochs])) ?? "";
    return run !== "";
  });
  if (!found) throw new Error(`no run of ${id} was being trained within ${withinMs / 1000} s`);
  return run;
}

/** Attempts of the assignment of a run so far. */
export function attemptsOf(world: World, run: string): Promise<number> {
  return world.database.value<number>("SELECT attempt FROM assignments WHERE id = (SELECT assignment_id FROM runs WHERE id = $1)", [run]);
}
