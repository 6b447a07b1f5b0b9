/** F14: every message comes three times and in any order, also long after its work was done. The decisions are the same. */
import type { AssignmentId } from "@rightsize/core";
import { createQueue } from "@rightsize/queue";
import { type Fault, sleep } from "./fault.ts";
import { ended, goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f14: Fault = {
  id: "F14",
  title: "every message delivered three times in shuffled order",
  runs: 2,
  async run(world) {
    const golden = await goldenOf(world);
    await Promise.all([world.startWorker(), world.startWorker()]);
    const queue = await createQueue({ redisUrl: world.redis?.url ?? null, databaseUrl: world.databaseUrl });
    try {
      const ids = [await world.post(), await world.post()];
      let dispatch = 1000;
      while (!(await Promise.all(ids.map((id) => ended(world, id, 0)))).every(Boolean) && dispatch < 60_000) {
        const all = await world.database.rows<{ id: AssignmentId }>("SELECT id FROM assignments WHERE experiment_id = ANY($1)", [ids]);
        const thrice = [...all, ...all, ...all].map(({ id }) => ({ id, order: Math.random() })).sort((a, b) => a.order - b.order);
        await queue.publish(
          thrice.map(({ id }) => ({ assignmentId: id, dispatch: dispatch++, priority: 1 + Math.floor(Math.random() * 20) })),
        );
        await sleep(200);
      }
      const broken = [];
      for (const id of ids) broken.push(...(await endsLikeGolden(world, id, golden)));
      return broken;
    } finally {
      await queue.close();
      // What is left of the messages would keep the next fault's worker busy with refusals, behind F15's slow line for longer than it waits.
      await world.emptyQueue();
    }
  },
};
