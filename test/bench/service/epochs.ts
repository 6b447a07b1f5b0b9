/** Epochs a second that a worker's slots record for good: from the trainer's child through the supervisor's writer into Postgres. */
import { apiAt, smallTable } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { climb } from "./climb.ts";
import type { Part } from "./part.ts";

/** The most that a script may have. */
const epochsOfRun = 10_000;

export const epochs: Part = {
  name: "epochs",
  what: "epochs that take no time, recorded through a worker's own writer",
  async measure() {
    const service = await startService({ engines: ["scripted"], slots: 2, queue: "postgres" });
    try {
      const api = apiAt(service.url);
      const { id: dataset } = await api.upload("small.csv", smallTable());
      const request = (seed: number) => ({ ...climb(dataset, seed, { epochs: epochsOfRun, epochMs: 0 }), limits: { maxTrials: 4 } });
      const posted = await Promise.all([api.post(request(1)), api.post(request(2))]);
      const runs = [];
      for (const { id } of posted) {
        await api.ended(id, 300_000);
        runs.push(...(await api.trials(id)).trials.flatMap(({ runs: ofTrial }) => ofTrial).filter(({ purpose }) => purpose === "fit"));
      }
      const times = runs.map(({ startedAt, endedAt }) => [Date.parse(startedAt ?? ""), Date.parse(endedAt ?? "")] as const);
      const seconds = (Math.max(...times.map(([, ended]) => ended)) - Math.min(...times.map(([started]) => started))) / 1000;
      const recorded = runs.reduce((sum, run) => sum + run.epochs, 0);
      return [
        { name: "epochs recorded", value: recorded, unit: "" },
        { name: "epochs a second, first claim to last result", value: recorded / seconds, unit: "/s", aim: 5000 },
      ];
    } finally {
      await service.close();
    }
  },
};
