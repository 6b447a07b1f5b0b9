/** "What if": the same experiment told again from stored results, under the same and under other rules. */

import type { EpochRecord, ExperimentId, RunOutcome } from "@rightsize/core";
import { outcomeUnder, type WhatIf, whatIf } from "@rightsize/orchestrator";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
let id: ExperimentId;
beforeEach(async () => {
  service = await startInMemoryService();
  ({ id } = await service.start(exampleSpec()));
  await service.finish(id);
});
afterEach(() => service.close());

async function ask(change: Partial<WhatIf>) {
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  return whatIf(snapshot, { search: null, earlyStopping: {}, ...change }, (run) => service.store.work.epochs(run, 0, 1000));
}
const rows = ({ rows: all }: Awaited<ReturnType<typeof ask>>) =>
  all.map(({ capacity, score }) => `${capacity.hiddenLayers}×${capacity.nodesPerLayer} ${score}`);

test("under the same rules it is the same table, decision by decision", async () => {
  const told = await ask({});
  expect(told.same).toBe(true);
  expect(told.missing).toBeNull();
  expect(rows(told)).toEqual(["1×100 5.4", "1×250 4.8", "2×250 4.4", "3×250 4.5", "3×200 4.3"]);
});

test("under other parameters it goes on from what is there, and says where a result is missing", async () => {
  const told = await ask({ search: { preset: "course", parameters: { nodes: [100, 250], stepBack: { factor: 0.5 } } } });
  expect(told.same).toBe(false);
  expect(rows(told)).toEqual(["1×100 5.4", "1×250 4.8", "2×250 4.4", "3×250 4.5"]);
  expect(told.missing).toMatchObject({ capacity: "3×125", runs: 1 });
  expect(told.missing?.sentence).toMatch(/3×125.*nobody trained/);
});

test("a lower ceiling needs nothing new: it ends earlier", async () => {
  const told = await ask({ search: { preset: "course", parameters: { nodes: [100, 250], layerCeiling: 2 } } });
  expect(told.missing).toBeNull();
  expect(rows(told)).toEqual(["1×100 5.4", "1×250 4.8", "2×250 4.4"]);
});

test("wrong parameters are refused with their place", async () => {
  await expect(ask({ search: { preset: "course", parameters: { nodes: [] } } })).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ where: expect.stringContaining("/search/parameters/nodes") }],
  });
});

const curve = (...losses: number[]): EpochRecord[] =>
  losses.map((validationLoss, index) => ({
    runId: "run_1" as EpochRecord["runId"],
    epoch: index + 1,
    trainingLoss: validationLoss / 2,
    validationLoss,
    learningRate: 0.1,
  }));
const outcome = {
  purpose: "fit",
  seed: 0,
  fold: 0,
  learningRate: 0.1,
  status: "COMPLETED",
  validationLoss: 1,
  trainingLoss: 0.5,
  epochs: 7,
  bestEpoch: 6,
  capped: false,
  symptoms: [],
  cost: 70,
} as const satisfies RunOutcome;

test("less patience stops at the first dip that lasts, and keeps the best until then", () => {
  const epochs = curve(5, 3, 4, 4, 4, 1, 2);
  expect(outcomeUnder(outcome, epochs, { patience: 2, minDelta: 0, maxEpochs: 100 })).toMatchObject({
    validationLoss: 3,
    bestEpoch: 2,
    epochs: 4,
    cost: 40,
    capped: false,
  });
  expect(outcomeUnder(outcome, epochs, { patience: 4, minDelta: 0, maxEpochs: 6 })).toMatchObject({
    validationLoss: 1,
    bestEpoch: 6,
    epochs: 6,
    capped: true,
  });
});

test("what was cut short ends there under any rule, and isn't capped by it", () => {
  const cut = { ...outcome, maxEpochs: 3 };
  const epochs = curve(5, 3, 2);
  expect(outcomeUnder(cut, epochs, { patience: 2, minDelta: 0, maxEpochs: 3 })).toMatchObject({ epochs: 3, capped: false });
  expect(outcomeUnder(outcome, epochs, { patience: 2, minDelta: 0, maxEpochs: 3 })).toMatchObject({ epochs: 3, capped: true });
});

test("more patience than the curve is long can't be told", () => {
  expect(outcomeUnder(outcome, curve(5, 3, 4), { patience: 5, minDelta: 0, maxEpochs: 100 })).toBeNull();
});
