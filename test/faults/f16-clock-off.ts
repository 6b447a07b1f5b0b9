/** F16: a worker's clock is an hour fast, another's an hour slow. Only Postgres's clock counts: no lease ends early. */
import type { Fault } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

/** Shifts every Date of a process before its own code runs. */
function clockOff(ms: number): Readonly<Record<string, string>> {
  const shift = `const RealDate = Date; const off = ${ms};
    globalThis.Date = class extends RealDate {
      constructor(...given) { if (given.length === 0) super(RealDate.now() + off); else super(...given); }
      static now() { return RealDate.now() + off; }
    };`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

const hourMs = 3_600_000;

export const f16: Fault = {
  id: "F16",
  title: "workers whose clocks are an hour off",
  runs: 2,
  async run(world) {
    const question = { epochs: 12, epochMs: 100 };
    const golden = await goldenOf(world, question);
    await Promise.all([clockOff(hourMs), clockOff(-hourMs), {}].map((environment) => world.startWorker(environment)));
    const ids = [await world.post(question), await world.post(question), await world.post(question)];
    const broken: string[] = [];
    for (const id of ids) broken.push(...(await endsLikeGolden(world, id, golden)));
    const wasted = await world.database.rows(
      `SELECT assignment_id, number, "end" FROM attempts WHERE experiment_id = ANY($1) AND "end" <> 'completed'`,
      [ids],
    );
    return [...broken, ...wasted.map((attempt) => `an attempt was wasted though only clocks were wrong: ${JSON.stringify(attempt)}`)];
  },
};
