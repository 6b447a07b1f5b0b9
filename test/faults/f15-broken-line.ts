/** F15: the line between a worker and Postgres is slow, then cut. Unreachable is not lost: it trains on, stops once refused, and all converges. */
import { type Fault, holdsWithin, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { lineTo } from "./proxy.ts";
import { endsLikeGolden } from "./verdict.ts";
import { attemptsOf, untilTraining } from "./watch.ts";
import { leaseMs } from "./world.ts";

const question = { epochs: 30, epochMs: 100 };

export const f15: Fault = {
  id: "F15",
  title: "a slow and cut line between worker and Postgres",
  runs: 2,
  async run(world, round) {
    const golden = await goldenOf(world, question);
    const line = await lineTo(world.databaseUrl);
    const broken: string[] = [];
    try {
      line.delay(50);
      await world.startWorker({ DATABASE_URL: line.url });
      const id = await world.post(question);
      const run = await untilTraining(world, id, 3);
      if (round % 2 === 0) {
        // Shorter than the lease: nobody else may get it, and nothing is trained twice.
        line.cut();
        await sleep(leaseMs / 3);
        line.mend();
        await holdsWithin(30_000, async () => (await world.database.value("SELECT state FROM runs WHERE id = $1", [run])) === "COMPLETED");
        if ((await attemptsOf(world, run)) !== 1) broken.push("a short cut of the line cost an attempt");
      } else {
        // Longer than the lease: another takes over, and the first is refused when the line is back.
        const stale = await world.staleWrites();
        line.cut();
        await world.startWorker();
        if (!(await holdsWithin(30_000, async () => (await attemptsOf(world, run)) === 2))) broken.push("I6: nobody took over within 30 s");
        line.mend();
        if (!(await holdsWithin(15_000, async () => (await world.staleWrites()) > stale))) broken.push("I5: no stale write was counted");
      }
      broken.push(...(await endsLikeGolden(world, id, golden)));
      await world.endWorkers();
      return broken;
    } finally {
      await line.close();
    }
  },
};
