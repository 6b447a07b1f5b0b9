/** Which runs are delivered: the winner's best alone, or the best of all that stand, held against the best of their own fold. */

import type { ExperimentSnapshot } from "@rightsize/core";
import { deliveredRuns } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

async function finished(spec = exampleSpec()): Promise<ExperimentSnapshot> {
  service = await startInMemoryService();
  const { id } = await service.start(spec);
  await service.finish(id);
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  return snapshot;
}
const losses = (snapshot: ExperimentSnapshot) => deliveredRuns(snapshot).map(({ validationLoss }) => validationLoss);

test("a single model is the winner's best run", async () => {
  expect(losses(await finished())).toEqual([4.3]);
});

test("a mean takes the best runs of any size, the winner's first", async () => {
  const spec = exampleSpec({ delivery: { kind: "mean_of_best", runs: 3 } });
  expect(losses(await finished(spec))).toEqual([4.3, 4.4, 4.5]);
});

test("a run far behind the best of its fold stays out, however many are wanted", async () => {
  const runs = (exampleSpec().engine.script?.runs ?? []).map((run) => (run.capacity.nodesPerLayer === 100 ? { ...run, score: 9 } : run));
  const engine = { name: "scripted" as const, script: { runs, otherwise: { score: 6, epochs: 2, epochMs: 0 } } };
  expect(losses(await finished(exampleSpec({ engine, delivery: { kind: "mean_of_best", runs: 5 } })))).toEqual([4.3, 4.4, 4.5, 4.8]);
});

test("losses of different folds are not compared: each is ranked within its own", async () => {
  const snapshot = await finished(exampleSpec({ delivery: { kind: "mean_of_best", runs: 3 } }));
  // The second and third rows as if they had been validated on a harder fold.
  const harder = new Set(snapshot.trials.filter(({ number }) => number === 2 || number === 3).map(({ id }) => id));
  const runs = snapshot.runs.map((run) => (harder.has(run.trialId) ? { ...run, fold: 1 } : run));
  expect(deliveredRuns({ ...snapshot, runs }).map(({ fold, validationLoss }) => [fold, validationLoss])).toEqual([
    [0, 4.3],
    [1, 4.4],
    [0, 4.5],
  ]);
});
