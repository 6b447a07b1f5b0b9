/** The whole experiment in memory, with the scripted trainer: the product's signature table, and how experiments end. */

import { canonicalText, type ScriptedRun } from "@rightsize/core";
import { decideWithinLimits, policyContext, policyHistory, textHash } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { courseScores, courseTable, exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

const scripted = (runs: readonly ScriptedRun[]) =>
  exampleSpec({ engine: { name: "scripted", script: { runs, otherwise: { score: 6, epochs: 2, epochMs: 0 } } } });

for (const workers of [1, 4]) {
  test(`the course's five scores give the course's five rows with ${workers} worker(s)`, async () => {
    service = await startInMemoryService({ workers });
    const { id } = await service.start(exampleSpec());
    const ended = await service.finish(id);
    expect(ended.state).toBe("SUCCEEDED");
    expect(ended.answer?.capacity).toEqual({ hiddenLayers: 3, nodesPerLayer: 200 });
    expect(await service.table(id)).toEqual(courseTable);
  });
}

test("replaying the stored history reproduces every decision byte for byte", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(exampleSpec());
  await service.finish(id);
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  const { spec, plan } = snapshot.experiment;
  const history = policyHistory(snapshot);
  expect(snapshot.decisions.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const [index, stored] of snapshot.decisions.entries()) {
    const again = canonicalText(decideWithinLimits(policyContext(spec, plan), spec.limits, history.slice(0, index)));
    expect(again).toBe(stored.text);
    expect(textHash(again)).toBe(stored.hash);
  }
});

test("every change is an event, numbered without a gap, ending with the answer and the state", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(exampleSpec());
  await service.finish(id);
  const events = await service.store.experiments.events(id, 0, 1000);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ kind }) => kind === "decision.made")).toHaveLength(6);
  expect(events.filter(({ kind }) => kind === "trial.completed")).toHaveLength(5);
  expect(events.filter(({ kind }) => kind === "answer.ready")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ kind: "experiment.state", data: { state: "SUCCEEDED" } });
});

test("a run that diverges is an outcome: its row has no score, and the search goes on", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(
    scripted(
      courseScores.map((run) =>
        run.capacity.hiddenLayers === 3 && run.capacity.nodesPerLayer === 250 ? { ...run, fails: "diverges" } : run,
      ),
    ),
  );
  expect((await service.finish(id)).state).toBe("SUCCEEDED");
  expect((await service.table(id))[3]).toBe("3×250 null DECREASE_CAPACITY");
});

test("a run that crashes its trainer every time ends the experiment FAILED with the reason, and keeps the rows before it", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(
    scripted(courseScores.map((run) => (run.capacity.hiddenLayers === 2 ? { ...run, fails: "crashes" } : run))),
  );
  const ended = await service.finish(id);
  expect(ended.state).toBe("FAILED");
  expect(ended.stateReason).toMatch(/trial 3.*the script says so/);
  expect(await service.table(id)).toEqual([courseTable[0], courseTable[1], "2×250 null null"]);
  const attempts = await service.store.work.attempts(id);
  expect(attempts.filter(({ end }) => end === "crashed").length).toBe(5);
});

test("a limit on trials ends the search honestly, with the best so far", async () => {
  service = await startInMemoryService();
  const { id } = await service.start(exampleSpec({ limits: { maxTrials: 2, maxParameterCount: null } }));
  const ended = await service.finish(id);
  expect(ended.state).toBe("SUCCEEDED");
  expect(await service.table(id)).toEqual(["1×100 5.4 INCREASE_CAPACITY", "1×250 4.8 DONE"]);
  const snapshot = await service.store.experiments.snapshot(id);
  expect(snapshot?.decisions.at(-1)?.decision.reason).toMatch(/2 trials/);
});
