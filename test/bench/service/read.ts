/** Reading from a database with a long past over HTTP: the table's page, a downsampled chart, the list of experiments. */
import { startService } from "../../support/service.ts";
import { fillDatabase, filled, idOf } from "./filled.ts";
import type { Part } from "./part.ts";
import { timesOf } from "./part.ts";

const requests = 300;
const atOnce = 4;
const aimMs = 200;

/** Asks for addresses, a few at once; each time holds the whole answer. */
async function timesToRead(url: string, paths: readonly string[]): Promise<readonly number[]> {
  const times: number[] = [];
  const waiting = [...paths];
  const reader = async () => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const from = performance.now();
      const response = await fetch(`${url}${path}`);
      const body = await response.text();
      times.push(performance.now() - from);
      if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}: ${body.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, reader));
  return times;
}

export const read: Part = {
  name: "read",
  what: `${filled.experiments * filled.trialsEach} trials and ${filled.experiments * filled.trialsEach * filled.epochsEach} epochs in the database, ${atOnce} readers`,
  async measure() {
    const service = await startService({ engines: ["scripted"], slots: 1, queue: "postgres", workers: 0 });
    try {
      await fillDatabase(service.databaseUrl);
      const anyOf = (count: number) => Math.floor(Math.random() * count);
      const times = async (path: () => string) => {
        // The first ones of a kind compile their queries, once in a service's life.
        await timesToRead(service.url, Array.from({ length: 4 * atOnce }, path));
        return timesToRead(service.url, Array.from({ length: requests }, path));
      };
      return [
        ...timesOf("table of 100 trials", await times(() => `/v1/experiments/${idOf("exp", anyOf(filled.experiments))}/trials`), aimMs),
        ...timesOf("chart of a run of 60 epochs", await times(() => `/v1/trials/${idOf("tri", 1 + anyOf(9999))}/epochs?points=200`), aimMs),
        ...timesOf("chart of 20,000 epochs in 500 points", await times(() => `/v1/trials/${idOf("tri", 0)}/epochs?points=500`), aimMs),
        ...timesOf("list of experiments", await times(() => "/v1/experiments?limit=50"), aimMs),
        ...timesOf("an experiment", await times(() => `/v1/experiments/${idOf("exp", anyOf(filled.experiments))}`), aimMs),
      ];
    } finally {
      await service.close();
    }
  },
};
