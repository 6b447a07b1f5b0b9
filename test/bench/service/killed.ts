/** A worker is killed; another is there: how long until its run is trained again, with the service's own lease. */
import { apiAt, smallTable } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { climb } from "./climb.ts";
import { type Part, timesOf } from "./part.ts";

const rounds = 5;

export const killed: Part = {
  name: "killed",
  what: "kill -9 of a worker, another one at hand, leases of 10 s",
  async measure({ queues }) {
    const figures = [];
    for (const queue of queues) {
      const service = await startService({ engines: ["scripted"], slots: 1, queue });
      try {
        const api = apiAt(service.url);
        const { id: dataset } = await api.upload("small.csv", smallTable());
        const times: number[] = [];
        let worker = 0;
        for (let round = 0; round < rounds; round++) {
          const { id } = await api.post(climb(dataset, round, { epochs: 1000, epochMs: 50 }));
          await api.until(id, ({ trials }) => (trials[0]?.runs[0]?.epochs ?? 0) > 5);
          const trial = (await api.trials(id)).trials[0];
          const another = await service.startWorker();
          // A moment between two heartbeats, as kills are.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3000));
          await service.killWorker(worker);
          const from = performance.now();
          worker = another;
          const attempts = async () =>
            ((await (await api.raw(`/v1/trials/${trial?.id}`)).json()) as { attempts: readonly { number: number }[] }).attempts.length;
          while ((await attempts()) < 2) await new Promise((resolve) => setTimeout(resolve, 20));
          times.push(performance.now() - from);
          await api.raw(`/v1/experiments/${id}/cancel`, { method: "POST" });
        }
        figures.push(...timesOf(`${queue}: killed to claimed again`, times, 15_000));
      } finally {
        await service.close();
      }
    }
    return figures;
  },
};
