/** F2: kill -9 of the supervisor alone. Its trainer ends by itself within 5 s: never two trainers on one slot. */
import { type Fault, holdsWithin } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";
import { isAlive } from "./world.ts";

export const f02: Fault = {
  id: "F2",
  title: "kill -9 of the supervisor alone",
  runs: 3,
  async run(world) {
    const golden = await goldenOf(world);
    const worker = await world.startWorker();
    const id = await world.post({ epochMs: 60 });
    await untilTraining(world, id);
    const trainers = worker.trainers();
    if (trainers.length !== 1) return [`a worker of one slot has ${trainers.length} trainers`];
    await worker.kill();
    const gone = await holdsWithin(5000, () => trainers.every((pid) => !isAlive(pid)));
    await world.startWorker();
    return [...(gone ? [] : ["the trainer of a dead supervisor was there after 5 s"]), ...(await endsLikeGolden(world, id, golden))];
  },
};
