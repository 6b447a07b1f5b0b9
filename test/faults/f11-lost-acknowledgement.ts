/** F11: the answer to a commit is lost with its connection, though the commit stands. The retry finds its work done: one decision. */
import type { Fault } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { lineTo } from "./proxy.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f11: Fault = {
  id: "F11",
  title: "acknowledgements of commits are lost",
  runs: 3,
  async run(world) {
    const golden = await goldenOf(world);
    const line = await lineTo(world.databaseUrl);
    try {
      await world.startWorker({ DATABASE_URL: line.url });
      line.loseCommits(4);
      const id = await world.post();
      const broken = await endsLikeGolden(world, id, golden);
      await world.endWorkers();
      return line.lost() === 0 ? [...broken, "the fault did not happen: no acknowledgement was lost"] : broken;
    } finally {
      await line.close();
    }
  },
};
