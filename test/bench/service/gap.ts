/** The slot gap: what a slot loses between one run and the next, through the whole service. Times are Postgres's own, read from the runs. */
import { apiAt, smallTable } from "../../support/api.ts";
import { startService } from "../../support/service.ts";
import { climb } from "./climb.ts";
import type { Figure, Part } from "./part.ts";
import { timesOf } from "./part.ts";

const slots = 2;

interface Gap {
  /** From a committed result to the next run's claim. */
  readonly toClaimMs: number;
  /** From a committed result to the next one, less the time that the script trains: all that the run lost, its own commit included. */
  readonly lostMs: number;
}

async function gapsOn(queue: "postgres" | "redis", runs: number, runMs: number): Promise<readonly Gap[]> {
  const service = await startService({ engines: ["scripted"], slots, queue });
  try {
    const api = apiAt(service.url);
    const { id: dataset } = await api.upload("small.csv", smallTable());
    const gaps: Gap[] = [];
    let asked = 0;
    // A lane for each slot: one experiment after the other, whose runs follow each other.
    const lane = async () => {
      while (gaps.length < runs) {
        const { id } = await api.post(climb(dataset, asked++, { epochs: 1, epochMs: runMs }));
        await api.ended(id, 60_000 + 60 * runMs);
        gaps.push(...gapsOf(await api.trials(id), runMs));
      }
    };
    await Promise.all(Array.from({ length: slots }, lane));
    return gaps.slice(0, runs);
  } finally {
    await service.close();
  }
}

function gapsOf(table: Awaited<ReturnType<ReturnType<typeof apiAt>["trials"]>>, runMs: number): readonly Gap[] {
  const runs = table.trials.flatMap(({ runs: ofTrial }) => ofTrial).filter(({ purpose }) => purpose === "fit");
  return runs.flatMap((run, index) => {
    const before = runs[index - 1];
    if (before?.endedAt == null || run.startedAt === null || run.endedAt === null) return [];
    const since = Date.parse(before.endedAt);
    return [{ toClaimMs: Date.parse(run.startedAt) - since, lostMs: Date.parse(run.endedAt) - since - runMs }];
  });
}

export const gap: Part = {
  name: "gap",
  what: "what a slot loses between two runs, on 2 slots",
  async measure({ queues, runs, runMs }) {
    const figures: Figure[] = [];
    for (const queue of queues) {
      const gaps = await gapsOn(queue, runs, runMs);
      figures.push(
        ...timesOf(
          `${queue}: result committed to next claim`,
          gaps.map(({ toClaimMs }) => toClaimMs),
        ),
        ...timesOf(
          `${queue}: lost a run of ${runMs} ms, commit and weights included`,
          gaps.map(({ lostMs }) => lostMs),
        ),
      );
    }
    return figures;
  },
};
