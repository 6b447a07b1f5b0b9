/** F19: an experiment of a policy version that this service doesn't know. It is left alone, visibly, until a service comes that knows it. */
import { type Fault, holdsWithin, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import { untilTraining } from "./watch.ts";

export const f19: Fault = {
  id: "F19",
  title: "an experiment of an unknown policy version",
  runs: 1,
  async run(world) {
    const golden = await goldenOf(world);
    await world.startWorker();
    const id = await world.post({ epochMs: 40 });
    const run = await untilTraining(world, id);
    const own = await world.database.value<string>("SELECT policy_version FROM experiments WHERE id = $1", [id]);
    await world.database.rows("UPDATE experiments SET policy_version = 'course/unknown' WHERE id = $1", [id]);
    const decisions = () => world.database.value<number>("SELECT count(*)::int FROM decisions WHERE experiment_id = $1", [id]);
    const before = await decisions();
    await holdsWithin(20_000, async () => (await world.database.value("SELECT state FROM runs WHERE id = $1", [run])) === "COMPLETED");
    await sleep(7000);
    const broken: string[] = [];
    // The run under way may have ended before the change; one more decision is then the old service's own.
    if ((await decisions()) > before) broken.push("a decision was made under a policy version that nobody here knows");
    const { state } = await world.api.experiment(id);
    if (state !== "RUNNING") broken.push(`the experiment became ${state}`);
    const health = await (await world.api.raw("/health/ready")).text();
    const metrics = await (await world.api.raw("/metrics")).text();
    if (!/polic/i.test(health) && !/polic/i.test(metrics))
      broken.push("neither /health/ready nor /metrics tells that an experiment waits for its policy");
    await world.database.rows("UPDATE experiments SET policy_version = $2 WHERE id = $1", [id, own]);
    return [...broken, ...(await endsLikeGolden(world, id, golden))];
  },
};
