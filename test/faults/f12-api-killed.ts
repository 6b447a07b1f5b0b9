/** F12: kill -9 of the API while it creates an experiment; the client tries again with the same Idempotency-Key. One experiment. */
import { randomUUID } from "node:crypto";
import { type Fault, holdsWithin, sleep } from "./fault.ts";
import { goldenOf } from "./golden.ts";
import { endsLikeGolden } from "./verdict.ts";

export const f12: Fault = {
  id: "F12",
  title: "kill -9 of the API during POST, tried again with its Idempotency-Key",
  runs: 4,
  async run(world) {
    const golden = await goldenOf(world);
    await world.forgetDonors();
    const key = randomUUID();
    const body = JSON.stringify(world.request());
    const headers = { "content-type": "application/json", "idempotency-key": key };
    const post = () => world.api.raw("/v1/experiments", { method: "POST", headers, body });
    const first = post().catch(() => null);
    await sleep(Math.random() * 150);
    await world.killApi();
    await first;
    await world.startApi();
    let status = 0;
    await holdsWithin(20_000, async () => {
      status = (await post()).status;
      return status < 500;
    });
    const ids = await world.database.rows<{ id: string }>("SELECT id FROM experiments WHERE idempotency_key = $1", [key]);
    const id = ids[0]?.id;
    const broken = [
      ...(status === 200 || status === 201 ? [] : [`the second POST answered ${status}`]),
      ...(ids.length === 1 ? [] : [`one key made ${ids.length} experiments`]),
    ];
    if (id === undefined) return broken;
    await world.startWorker();
    return [...broken, ...(await endsLikeGolden(world, id, golden))];
  },
};
