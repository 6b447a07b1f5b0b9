/** A learning curve through the whole loop: an experiment of its own, the whole part taken from the first, which doesn't change by one byte. */
import { type Experiment, localOwner, randomIds, type Sha256 } from "@rightsize/core";
import { createExperiment, curveExperiment, curveQuestion, readCurve } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { exampleSpec, hashOf } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

const snapshotOf = async (id: Experiment["id"]) => {
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error(`no experiment ${id}`);
  return snapshot;
};

/** Parts of 560 training rows of fold 0, as data would plan them. */
const parts = [1, 0.5, 0.25, 0.125].map((fraction) => ({ fold: 0, fraction, trainingRows: 560 * fraction }));

async function trainCurve(of: Experiment["id"]) {
  const original = await snapshotOf(of);
  const { spec, plan } = curveExperiment(original, curveQuestion(original), { parts }, hashOf("b") as Sha256);
  const { experiment } = await createExperiment(
    { store: service.store, ids: randomIds },
    { owner: localOwner, spec: { ...spec, name: "curve" }, plan, idempotency: null },
  );
  await service.reconcile();
  return service.finish(experiment.id);
}

test("trains only what the experiment didn't, and leaves the experiment as it was", async () => {
  service = await startInMemoryService({ workers: 2 });
  const { id } = await service.start(exampleSpec());
  await service.finish(id);
  const before = JSON.stringify(await snapshotOf(id));
  const trainedOnce = service.trained.length;
  const curve = await trainCurve(id);
  expect(curve.state).toBe("SUCCEEDED");
  expect(JSON.stringify(await snapshotOf(id))).toBe(before);
  // The course fitted its winner once: that run is taken over, two more seeds and three smaller parts are trained, and the end.
  expect(service.trained.length - trainedOnce).toBe(2 + 3 * 3 + 1);
  const read = readCurve(await snapshotOf(id), await snapshotOf(curve.id));
  expect(read).toMatchObject({
    experimentId: id,
    curveExperimentId: curve.id,
    state: "SUCCEEDED",
    capacity: { hiddenLayers: 3, nodesPerLayer: 200 },
    points: [
      { rows: 70, fraction: 0.125, runs: 3, wanted: 3, reused: 0 },
      { rows: 140, runs: 3, reused: 0 },
      { rows: 280, runs: 3, reused: 0 },
      { rows: 560, fraction: 1, runs: 3, wanted: 3, reused: 1 },
    ],
    verdict: "undecided",
  });
  for (const { validationLoss } of read.points) expect(validationLoss).toBeCloseTo(4.3, 10);
  expect(read.sentence).toMatch(/^Training on 560 rows instead of 280 took 0 % .* a larger network, 3×250, took nothing off/);
});

test("is refused before there is an answer, and of a curve itself", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(exampleSpec());
  const early = await snapshotOf(id);
  expect(() => curveQuestion(early)).toThrow(/its learning curve can't be trained/);
  await service.finish(id);
  const curve = await trainCurve(id);
  const ofCurve = await snapshotOf(curve.id);
  expect(() => curveQuestion(ofCurve)).toThrow(/A learning curve has no learning curve/);
});
