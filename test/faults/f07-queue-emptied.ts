/** F7: the queue is emptied again and again, with runs queued, running, and between decisions. All experiments finish by themselves. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f07: Fault = {
  id: "F7",
  title: "the queue emptied with runs queued, running, between decisions",
  runs: 2,
  async run(world) {
    const golden = await goldenOf(world);
    await world.startWorker();
    const ids = [await world.post(), await world.post(), await world.post()];
    for (let count = 0; count < 12; count++) {
      await world.emptyQueue();
      await sleep(Math.random() * 400);
    }
    const broken = [];
    for (const id of ids) broken.push(...(await endsLikeGolden(world, id, golden)));
    return broken;
  },
};
