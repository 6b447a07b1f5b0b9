/** F3: a worker sleeps past its lease, another takes over, the first wakes up. What the zombie writes is refused and counted. */
import { type Fault, holdsWithin } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { attemptsOf, untilTraining } from "./watch.ts";

/** Long enough that the new attempt is still at work when the old one wakes up; no checkpoint, so that it starts from the beginning. */
const question = { epochs: 30, epochMs: 70 };
const noCheckpoints = { RIGHTSIZE_CHECKPOINT_MS: "3600000" };

/** `environment` is given to the workers; the harness's own test takes the guard out with it. */
export function zombieFault(environment: Readonly<Record<string, string>> = {}): Fault {
  return {
    id: "F3",
    title: "a worker stopped past its lease, taken over, and woken up",
    runs: 3,
    async run(world) {
      const golden = await goldenOf(world, question);
      const stale = await world.staleWrites();
      const first = await world.startWorker({ ...environment, ...noCheckpoints });
      const id = await world.post(question);
      const run = await untilTraining(world, id, 15);
      first.stop();
      await world.startWorker({ ...environment, ...noCheckpoints });
      const taken = await holdsWithin(30_000, async () => (await attemptsOf(world, run)) === 2);
      first.resume();
      const broken = await endsLikeGolden(world, id, golden);
      const refused = await holdsWithin(5000, async () => (await world.staleWrites()) > stale);
      return [
        ...(taken ? [] : ["I6: nobody took over from the sleeping worker within 30 s"]),
        ...(refused ? [] : ["I5: no stale write was counted"]),
        ...broken,
      ];
    },
  };
}
export const f03 = zombieFault();
