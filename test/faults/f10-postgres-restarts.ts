/** F10: Postgres restarts again and again while workers train. They train on; results are kept and committed once. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";

export const f10: Fault = {
  id: "F10",
  title: "Postgres restarts every 3 s while workers train",
  runs: 1,
  async run(world) {
    const question = { epochs: 30, epochMs: 70 };
    const golden = await goldenOf(world, question);
    await world.startWorker();
    const id = await world.post(question);
    await untilTraining(world, id);
    for (let count = 0; count < 4; count++) {
      await world.restartPostgres(300);
      await sleep(3000);
    }
    return endsLikeGolden(world, id, golden);
  },
};
