/** F9: Redis refuses every write because it is full. The dispatcher backs off; when there is room again everything goes on. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f09: Fault = {
  id: "F9",
  title: "Redis refuses writes for 12 s",
  runs: 1,
  queues: ["redis"],
  async run(world) {
    const golden = await goldenOf(world);
    await world.startWorker();
    await world.redis?.command("CONFIG SET maxmemory 1");
    const broken: string[] = [];
    const ids: string[] = [];
    try {
      ids.push(await world.post(), await world.post());
      await sleep(12_000);
      const kept = await world.database.value<number>("SELECT count(*)::int FROM outbox");
      const begun = await world.database.value<number>("SELECT count(*)::int FROM attempts WHERE experiment_id = ANY($1)", [ids]);
      if (kept === 0 && begun === 0) broken.push("the outbox is empty though Redis took nothing");
    } finally {
      await world.redis?.command("CONFIG SET maxmemory 0");
    }
    for (const id of ids) broken.push(...(await endsLikeGolden(world, id, golden)));
    return broken;
  },
};
