/** F18: what idle slots began is confirmed, refuted, cancelled while it finishes, killed, or put off for other work. The table is that without it. */
import { type Fault, holdsWithin } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import type { World } from "./world.ts";

/** What is done in each round, in turn. */
const blows = ["none", "kill", "other work"] as const;

export const f18: Fault = {
  id: "F18",
  title: "speculation confirmed, refuted, cancelled while it finishes",
  runs: 6,
  async run(world, round) {
    const golden = await goldenOf(world);
    const speculating = { RIGHTSIZE_SPECULATION: "on", RIGHTSIZE_SLOTS: "3" };
    const worker = await world.startWorker(speculating);
    // All runs last as long: whatever is refuted is so while it ends. Other lengths meet other moments.
    const id = await world.post({ epochMs: 20 + 7 * round });
    const ids = [id];
    const blow = blows[round % blows.length];
    if (blow !== undefined && blow !== "none") {
      await untilSpeculating(world, id);
      if (blow === "kill") {
        await worker.killGroup();
        await world.startWorker(speculating);
      } else ids.push((await world.api.post(world.request({ epochMs: 20 }))).id);
    }
    const broken: string[] = [];
    for (const each of ids) broken.push(...(await endsLikeGolden(world, each, golden)));
    const { speculation } = await world.api.experiment(id);
    if (blow === "none" && (speculation?.adoptedRuns ?? 0) === 0) broken.push("nothing was confirmed: the fault was not done");
    if (blow === "none" && (speculation?.unusedRuns ?? 0) === 0) broken.push("nothing was refuted: the fault was not done");
    return broken;
  },
};

async function untilSpeculating(world: World, id: string): Promise<void> {
  const sql = "SELECT count(*)::int FROM runs WHERE experiment_id = $1 AND decision IS NULL AND state = 'RUNNING' AND epochs > 1";
  if (!(await holdsWithin(30_000, async () => (await world.database.value<number>(sql, [id])) > 0)))
    throw new Error(`nothing was speculated for ${id} within 30 s`);
}
