/** F16: clocks of workers or of the API are an hour fast or slow. Only Postgres's clock counts: for leases, events, keys and what is measured. */
import { type Fault, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";
import type { World } from "./world.ts";

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
/** Whose clock is off, by rounds. */
const rounds = [
  { api: 0, workers: [hourMs, -hourMs, 0] },
  { api: hourMs, workers: [0, 0] },
  { api: -hourMs, workers: [0, hourMs] },
] as const;

export const f16: Fault = {
  id: "F16",
  title: "clocks of workers and API an hour off",
  runs: 3,
  async run(world, round) {
    const { api, workers } = rounds[round % rounds.length] as (typeof rounds)[number];
    const question = { epochs: 12, epochMs: 100 };
    const golden = await goldenOf(world, question);
    if (api !== 0) {
      await world.killApi();
      await world.startApi(clockOff(api));
    }
    await Promise.all(workers.map((ms) => world.startWorker(ms === 0 ? {} : clockOff(ms))));
    const ids = [await world.post(question), await world.post(question), await world.post(question)];
    const watched = eventsOf(world, ids[0] as string);
    const broken: string[] = [];
    for (const id of ids) broken.push(...(await endsLikeGolden(world, id, golden)));
    const wasted = await world.database.rows(
      `SELECT assignment_id, number, "end" FROM attempts WHERE experiment_id = ANY($1) AND "end" <> 'completed'`,
      [ids],
    );
    broken.push(...wasted.map((attempt) => `an attempt was wasted though only clocks were wrong: ${JSON.stringify(attempt)}`));
    broken.push(...(await watched), ...(await lagOf(world)));
    if (api !== 0) {
      broken.push(...(await keysExpire(world)));
      await world.killApi();
      await world.startApi();
    }
    return broken;
  },
};

/** Watches an experiment to its end: every event comes, once and in order. */
async function eventsOf(world: World, id: string): Promise<readonly string[]> {
  const text = await (await world.api.raw(`/v1/experiments/${id}/events`)).text();
  const seen = [...text.matchAll(/^id: ?(\d+)$/gm)].map(([, sequence]) => Number(sequence));
  const written = await world.database.value<number>("SELECT event_count FROM experiments WHERE id = $1", [id]);
  const whole = seen.length === written && seen.every((sequence, place) => sequence === place + 1);
  return whole ? [] : [`a watcher saw ${seen.length} events of ${written}: ${seen.join(" ")}`];
}

/** The lag of events that /metrics tells must be a lag, and not the difference of two clocks. */
async function lagOf(world: World): Promise<readonly string[]> {
  const text = await (await world.api.raw("/metrics")).text();
  const of = (name: string) => Number(new RegExp(`^rightsize_event_lag_seconds_${name} (\\S+)$`, "m").exec(text)?.[1]);
  const [sum, count] = [of("sum"), of("count")];
  return count > 0 && sum / count < 60 ? [] : [`/metrics tells a mean event lag of ${sum} s / ${count}`];
}

/** A key is good for as long as Postgres's clock says, whatever the API's says. */
async function keysExpire(world: World): Promise<readonly string[]> {
  const ask = (path: string, key: string | null, body?: object) =>
    world.api.raw(path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const made = async (by: string | null, request: object) =>
    (await (await ask("/v1/keys", by, request)).json()) as { key: string; id: string };
  try {
    const first = await made(null, { name: "first", scopes: ["read", "write", "admin"] });
    // A service without keys asks the database once a second whether there is one now.
    await sleep(1500);
    // Twenty minutes: less than the clocks are apart.
    const short = await made(first.key, { name: "short", scopes: ["read"], validForDays: 20 / (24 * 60) });
    const fresh = (await ask("/v1/experiments", short.key)).status;
    await world.database.rows("UPDATE api_keys SET expires_at = clock_timestamp() - interval '1 second' WHERE id = $1", [short.id]);
    const old = (await ask("/v1/experiments", short.key)).status;
    return [
      ...(fresh === 200 ? [] : [`a key that is good for 20 minutes was answered ${fresh}`]),
      ...(old === 401 ? [] : [`a key that has expired by Postgres's clock was answered ${old}`]),
    ];
  } finally {
    await world.database.rows("DELETE FROM api_keys");
  }
}
