/** A thousand watchers of one experiment: from an event's commit to the last of them that is told. */
import { Agent, get, type IncomingMessage } from "node:http";
import { Client } from "pg";
import { apiAt, smallTable } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { climb } from "./climb.ts";
import type { Part } from "./part.ts";
import { timesOf } from "./part.ts";

const watchers = 1000;
const events = 20;

/** Opens a stream and tells of every numbered event with the moment it came. */
function watch(url: string, agent: Agent, onEvent: (sequence: number, atMs: number) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { accept: "text/event-stream" } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`a watcher was answered ${response.statusCode}`));
      let rest = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        const atMs = Date.now();
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) if (line.startsWith("id:")) onEvent(Number(line.slice(3)), atMs);
      });
      response.on("error", () => {});
      resolve(response);
    }).on("error", reject);
  });
}

export const watcherPart: Part = {
  name: "watchers",
  what: `${watchers} watchers of one experiment`,
  async measure() {
    const service = await startService({ engines: ["scripted"], slots: 1, queue: "postgres", workers: 0 });
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY, keepAlive: true });
    const database = new Client({ connectionString: service.databaseUrl });
    const open: IncomingMessage[] = [];
    try {
      await database.connect();
      const api = apiAt(service.url);
      const { id: dataset } = await api.upload("small.csv", smallTable());
      const { id } = await api.post(climb(dataset, 0, { epochs: 1, epochMs: 0 }));
      /** How many were told of an event, and when the last one was. */
      const told = new Map<number, { count: number; lastMs: number }>();
      const onEvent = (sequence: number, atMs: number) => {
        const so = told.get(sequence) ?? { count: 0, lastMs: 0 };
        told.set(sequence, { count: so.count + 1, lastMs: Math.max(so.lastMs, atMs) });
      };
      for (let place = 0; place < watchers; place++) open.push(await watch(`${service.url}/v1/experiments/${id}/events`, agent, onEvent));
      const lags: number[] = [];
      let unserved = 0;
      for (let event = 0; event < events; event++) {
        const { eventCount } = await api.experiment(id);
        await api.raw(`/v1/experiments/${id}/${event % 2 === 0 ? "pause" : "resume"}`, { method: "POST" });
        const sequence = eventCount + 1;
        const deadline = Date.now() + 10_000;
        while ((told.get(sequence)?.count ?? 0) < watchers && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
        const { count, lastMs } = told.get(sequence) ?? { count: 0, lastMs: Number.NaN };
        unserved += watchers - count;
        lags.push(lastMs - (await writtenAt(database, id, sequence)));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return [
        { name: "watchers that missed an event", value: unserved, unit: "", aim: 0 },
        ...timesOf("event written to the last watcher told", lags, 1000),
      ];
    } finally {
      for (const response of open) response.destroy();
      agent.destroy();
      await database.end();
      await service.close();
    }
  },
};

/** When Postgres wrote the event, a moment before its commit; its clock is this machine's. */
async function writtenAt(database: Client, id: string, sequence: number): Promise<number> {
  const { rows } = await database.query("SELECT created_at FROM events WHERE experiment_id = $1 AND sequence = $2", [id, sequence]);
  return (rows[0] as { created_at: Date }).created_at.getTime();
}
