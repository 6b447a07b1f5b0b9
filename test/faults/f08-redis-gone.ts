/** F8: Redis is gone for a while and comes back with an empty disk. The API answers and accepts experiments, which start later. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";

const goneMs = 60_000;

export const f08: Fault = {
  id: "F8",
  title: "Redis gone for 60 s, back with an empty disk",
  runs: 1,
  queues: ["redis"],
  async run(world) {
    const golden = await goldenOf(world);
    await world.startWorker();
    const during = [await world.post({ epochMs: 60 })];
    await untilTraining(world, during[0] as string);
    await world.redis?.stop("SIGKILL");
    const goneAt = Date.now();
    const broken: string[] = [];
    try {
      const postedAt = Date.now();
      during.push(await world.post());
      if (Date.now() - postedAt > 10_000) broken.push(`the API took ${Date.now() - postedAt} ms to accept an experiment without Redis`);
      const { status } = await world.api.raw(`/v1/experiments/${during[1]}`);
      if (status !== 200) broken.push(`the API answered ${status} without Redis`);
      await sleep(goneMs - (Date.now() - goneAt));
    } finally {
      await world.redis?.start({ empty: true });
    }
    for (const id of during) broken.push(...(await endsLikeGolden(world, id, golden, 60_000)));
    return broken;
  },
};
