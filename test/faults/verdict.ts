/** How most faults finish: the experiment ends by itself, all promises hold, and everything is as in the golden run. */
import { ended, type Golden } from "./golden.ts";
import { brokenInvariants } from "./invariants.ts";
import type { World } from "./world.ts";

export async function endsLikeGolden(world: World, id: string, golden: Golden | null, withinMs = 90_000): Promise<readonly string[]> {
  if (await ended(world, id, withinMs)) return brokenInvariants(world, id, golden);
  const stuck = await world.database.rows(
    "SELECT state, attempt, lease_until, dispatched_at, now() FROM assignments WHERE experiment_id = $1",
    [id],
  );
  return [`I6: the experiment did not end within ${withinMs / 1000} s: ${JSON.stringify(stuck.slice(-2))}`];
}
