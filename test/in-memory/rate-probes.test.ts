/** Whole experiments whose learning rate is found by short probes: what stands, what is delivered, what is told, what a limit leaves. */
import { courseRecipe, type ExperimentSnapshot, type ScriptedRun, type TrainingRun } from "@rightsize/core";
import { deliveredRuns, policyHistory, whatIf } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

const probing = (more: Parameters<typeof exampleSpec>[0] = {}) =>
  exampleSpec({ recipe: { ...courseRecipe, learningRate: { kind: "probe", values: [1e-6, 0.01, 1], epochs: 1 } }, ...more });

/** 0.01 is best, 1 diverges; the seed of the probes is a lucky one. */
const play = (scripted: ScriptedRun, run: TrainingRun): ScriptedRun => ({
  ...scripted,
  score: scripted.score * (run.learningRate === 0.01 ? 1 : 2) * (run.maxEpochs === undefined ? 1 : 0.1),
  ...(run.learningRate === 1 ? { fails: "diverges" as const } : {}),
});

async function snapshotOf(id: ExperimentSnapshot["experiment"]["id"]): Promise<ExperimentSnapshot> {
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  return snapshot;
}

test("each rung is probed, then fitted once at the best rate: the course's table, and no probe in it or in the model", async () => {
  service = await startInMemoryService({ play });
  const { id } = await service.start(probing());
  const ended = await service.finish(id);
  expect(ended.state).toBe("SUCCEEDED");
  expect(await service.table(id)).toEqual([
    "1×100 5.4 INCREASE_CAPACITY",
    "1×250 4.8 INCREASE_CAPACITY",
    "2×250 4.4 INCREASE_CAPACITY",
    "3×250 4.5 DECREASE_CAPACITY",
    "3×200 4.3 DONE",
  ]);
  const snapshot = await snapshotOf(id);
  const probes = snapshot.runs.filter(({ purpose }) => purpose === "probe");
  expect(probes).toHaveLength(15);
  for (const { maxEpochs, seed, result, state } of probes)
    expect([maxEpochs, seed, result?.epochs, state === "DIVERGED" ? "diverged" : result?.capped]).toEqual([
      1,
      1000,
      1,
      state === "DIVERGED" ? "diverged" : false,
    ]);
  expect(probes.filter(({ state }) => state === "DIVERGED")).toHaveLength(5);
  const fits = snapshot.runs.filter(({ purpose }) => purpose === "fit");
  expect(fits.map(({ seed, learningRate, maxEpochs }) => [seed, learningRate, maxEpochs])).toEqual(Array(5).fill([0, 0.01, undefined]));
  expect(deliveredRuns(snapshot).map(({ seed }) => seed)).toEqual([0]);
  const mean = { ...snapshot, experiment: { ...snapshot.experiment, spec: probing({ delivery: { kind: "mean_of_best", runs: 50 } }) } };
  expect(deliveredRuns(mean).map(({ seed }) => seed)).toEqual([0, 0, 0, 0, 0]);
  expect(snapshot.trials.map(({ verdict }) => verdict)).toEqual(Array(5).fill(null));
  // One end a trial: between probes and fit it is at work.
  const events = await service.store.experiments.events(id, 0, 1000);
  expect(events.filter(({ kind }) => kind === "trial.completed").map(({ data }) => data.score)).toEqual([5.4, 4.8, 4.4, 4.5, 4.3]);
});

test("a trial of which every probe diverged can't be trained", async () => {
  service = await startInMemoryService({ play: (scripted) => ({ ...scripted, fails: "diverges" }) });
  const { id } = await service.start(probing());
  await service.finish(id);
  expect(await service.table(id)).toEqual(["1×100 null DECREASE_CAPACITY", "1×80 null DONE"]);
  expect((await snapshotOf(id)).trials.map(({ verdict }) => verdict)).toEqual(["untrainable", "untrainable"]);
});

test("a trial that a repair gave a score is untrainable no more", async () => {
  // Every probe diverges; a tenth of the least of their rates doesn't.
  service = await startInMemoryService({
    play: (scripted, run) => (run.learningRate >= 1e-6 ? { ...scripted, fails: "diverges" } : scripted),
  });
  const { id } = await service.start(
    probing({ search: { preset: "default", parameters: { explore: { fits: 0 }, probes: [], step: { most: 0 } } } }),
  );
  expect((await service.finish(id)).state).toBe("SUCCEEDED");
  const { trials, runs } = await snapshotOf(id);
  expect(runs.filter(({ purpose }) => purpose === "fit").map(({ learningRate }) => learningRate)).toEqual([1e-7, 1e-7, 1e-7]);
  expect(trials.map(({ score, verdict }) => [score, verdict])).toEqual([
    [6, null],
    [6, null],
  ]);
});

test("a limit between probes and fit leaves the trial stopped, not as one that was trained and diverged", async () => {
  service = await startInMemoryService({ play: (scripted, run) => ({ ...play(scripted, run), epochMs: 1000 }) });
  // The first trial takes two seconds of probes and two of its fit.
  const { id } = await service.start(probing({ limits: { maxTrials: null, maxParameterCount: null, cpuSeconds: 5 } }));
  expect((await service.finish(id)).state).toBe("SUCCEEDED");
  expect(await service.table(id)).toEqual(["1×100 5.4 INCREASE_CAPACITY", "1×250 null DONE"]);
  const { trials, runs } = await snapshotOf(id);
  expect(trials.map(({ state, verdict, winner }) => [state, verdict, winner])).toEqual([
    ["COMPLETED", null, true],
    ["CANCELLED", "stopped", false],
  ]);
  expect(runs.filter(({ purpose }) => purpose === "fit")).toHaveLength(1);
  const told = (await service.store.experiments.events(id, 0, 1000)).filter(({ kind }) => kind === "trial.completed");
  expect(told.map(({ data }) => data.number)).toEqual([1]);
});

test("told again it is the same, decision by decision; under less patience too, as far as the curves go", async () => {
  service = await startInMemoryService({ play });
  const { id } = await service.start(probing());
  await service.finish(id);
  const snapshot = await snapshotOf(id);
  const ask = (earlyStopping: { readonly patience?: number }) =>
    whatIf(snapshot, { search: null, earlyStopping }, (run) => service.store.work.epochs(run, 0, 100));
  expect(await ask({})).toMatchObject({ same: true, missing: null });
  // Curves of two falling epochs end at no patience of 1: the fit's result is missing, the probes' are there, whole at their cut.
  const told = await ask({ patience: 1 });
  expect(told.missing).toMatchObject({ capacity: "1×100", runs: 1 });
  expect(policyHistory(snapshot)[0]?.outcomes.map(({ maxEpochs }) => maxEpochs)).toEqual([1, 1, 1]);
});

test("the same probes are reused by another experiment, whatever its own cap; a whole run of that length is not", async () => {
  service = await startInMemoryService({ play });
  const first = await service.start(probing());
  await service.finish(first.id);
  const before = service.trained.length;
  const longer = probing({ recipe: { ...probing().recipe, maxEpochs: 40 } });
  await service.finish((await service.start(longer)).id);
  expect(service.trained.slice(before).filter((run) => run.includes("probe"))).toEqual([]);
  // It would be told to be capped, which a probe is not.
  const whole = exampleSpec({ seed: 1000, recipe: { ...courseRecipe, maxEpochs: 1, learningRate: { kind: "fixed", value: 0.01 } } });
  await service.finish((await service.start(whole)).id);
  expect(service.trained).toContain("1x100 fit 1000");
});
