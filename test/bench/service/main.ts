/**
 * `npm run bench:service [-- --json]`: the slot gap, from the commit of a run's result to the end of the next run's first step.
 * Scripted runs of one epoch that takes no time, on one slot through the real service: what is left is the gap itself, so the time from
 * one committed result to the next is an upper bound (it holds a whole commit too). Times are Postgres's own, read from the runs.
 */

import { apiAt, smallTable } from "../../support/api.ts";
import build from "../../support/build.ts";
import { startService } from "../../support/service.ts";

build();

const asJson = process.argv.includes("--json");
const rungs = Array.from({ length: 16 }, (_, rung) => 10 * (rung + 1));
const wantedGaps = 50;

/** Milliseconds between one run's committed result and the claim of, and the result of, the next. */
interface Gap {
  readonly toClaimMs: number;
  readonly toResultMs: number;
}

async function measure(queue: "postgres" | "redis"): Promise<readonly Gap[]> {
  const service = await startService({ engines: ["scripted"], slots: 1, queue });
  try {
    const api = apiAt(service.url);
    const dataset = await api.upload("small.csv", smallTable());
    const gaps: Gap[] = [];
    for (let experiment = 0; gaps.length < wantedGaps; experiment++) {
      const { id } = await api.post({
        dataset: dataset.id,
        target: "y",
        seed: experiment,
        search: { preset: "course", parameters: { nodes: rungs } },
        engine: {
          name: "scripted",
          script: {
            // Every rung is better than the one before, so that the search climbs to its ceiling.
            runs: [
              ...rungs.map((nodesPerLayer, rung) => ({
                capacity: { hiddenLayers: 1, nodesPerLayer },
                score: 100 - rung,
                epochs: 1,
                epochMs: 0,
              })),
              ...[2, 3, 4, 5, 6, 7, 8].map((hiddenLayers) => ({
                capacity: { hiddenLayers, nodesPerLayer: 160 },
                score: 80 - hiddenLayers,
                epochs: 1,
                epochMs: 0,
              })),
            ],
            otherwise: { score: 1000, epochs: 1, epochMs: 0 },
          },
        },
      });
      await api.ended(id);
      const runs = (await api.trials(id)).trials.flatMap(({ runs: ofTrial }) => ofTrial).filter(({ purpose }) => purpose === "fit");
      for (const [index, run] of runs.entries()) {
        const before = runs[index - 1];
        if (before?.endedAt == null || run.startedAt === null || run.endedAt === null) continue;
        const since = Date.parse(before.endedAt);
        gaps.push({ toClaimMs: Date.parse(run.startedAt) - since, toResultMs: Date.parse(run.endedAt) - since });
      }
    }
    return gaps;
  } finally {
    await service.close();
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const cases = [];
for (const queue of ["postgres", "redis"] as const) {
  const gaps = await measure(queue);
  const [claims, results] = [gaps.map(({ toClaimMs }) => toClaimMs), gaps.map(({ toResultMs }) => toResultMs)];
  cases.push({
    queue,
    gaps: gaps.length,
    toClaimP50Ms: quantile(claims, 0.5),
    toClaimP99Ms: quantile(claims, 0.99),
    toResultP50Ms: quantile(results, 0.5),
    toResultP99Ms: quantile(results, 0.99),
  });
}
console.table(cases);
if (asJson) console.log(JSON.stringify({ slotGap: cases }));
process.exit(0);
