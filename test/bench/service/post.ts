/** POST /v1/experiments while two slots train, four clients post at once and tables are read. */
import { apiAt, smallTable } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { climb } from "./climb.ts";
import type { Part } from "./part.ts";
import { timesOf } from "./part.ts";

const posts = 300;
const clients = 4;

export const post: Part = {
  name: "post",
  what: `POST /v1/experiments: ${clients} clients, 2 slots at work, a reader`,
  async measure() {
    const service = await startService({ engines: ["scripted"], slots: 2, queue: "postgres" });
    try {
      const api = apiAt(service.url);
      const { id: dataset } = await api.upload("small.csv", smallTable(2000));
      const load = await Promise.all([1, 2].map((seed) => api.post(climb(dataset, seed, { epochs: 100, epochMs: 10 }))));
      const times: number[] = [];
      let asked = 100;
      const client = async () => {
        while (asked < 100 + posts) {
          const body = JSON.stringify(climb(dataset, asked++, { epochs: 5, epochMs: 10 }));
          const from = performance.now();
          const response = await api.raw("/v1/experiments", { method: "POST", headers: { "content-type": "application/json" }, body });
          await response.text();
          times.push(performance.now() - from);
          if (response.status !== 201) throw new Error(`POST answered ${response.status}`);
        }
      };
      let reading = true;
      const reader = (async () => {
        while (reading) await api.trials(load[0]?.id ?? "");
      })();
      await Promise.all(Array.from({ length: clients }, client));
      reading = false;
      await reader;
      return timesOf("POST /v1/experiments", times, 100);
    } finally {
      await service.close();
    }
  },
};
