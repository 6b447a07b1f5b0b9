/** Limits of an experiment: each ends it honestly with the best so far, and stands where it was reached, so that a replay is the same. */
import { type ExperimentLimits, type ExperimentSnapshot, isTerminal } from "@rightsize/core";
import { timeSpent } from "@rightsize/orchestrator";
import { afterEach, expect, test } from "vitest";
import { courseScores, exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";
import { expectSameReplay } from "../support/same-replay.ts";

let service: InMemoryService;
afterEach(() => service.close());

/** Runs of two epochs that take half a second each: one second a run. */
const script = { runs: courseScores.map((run) => ({ ...run, epochMs: 500 })), otherwise: { score: 6, epochs: 2, epochMs: 500 } };
const none: ExperimentLimits = { maxTrials: null, maxParameterCount: null };

async function run(limits: ExperimentLimits, now?: () => number): Promise<{ snapshot: ExperimentSnapshot; table: readonly string[] }> {
  service = await startInMemoryService(now === undefined ? {} : { now });
  const { id } = await service.start(exampleSpec({ limits, engine: { name: "scripted", script } }));
  await service.finish(id);
  const snapshot = await service.store.experiments.snapshot(id);
  if (snapshot === null) throw new Error("no snapshot");
  return { snapshot, table: await service.table(id) };
}

const twoRows = ["1×100 5.4 INCREASE_CAPACITY", "1×250 4.8 DONE"];

test.each([
  ["trials", { maxTrials: 2 }, { kind: "trials", limit: 2 }, /2 trials/],
  ["parameters", { maxParameterCount: 3000 }, { kind: "parameters", limit: 3000 }, /3000 parameters/],
  ["training time", { cpuSeconds: 1.5 }, { kind: "cpu", limit: 1.5 }, /1\.5 CPU seconds/],
] as const)(
  "a limit on %s ends the search with the best so far, and is stored where it was reached",
  async (_what, limits, limit, reason) => {
    const { snapshot, table } = await run({ ...none, ...limits });
    expect(table).toEqual(twoRows);
    expect(snapshot.experiment).toMatchObject({ state: "SUCCEEDED", answer: { capacity: { hiddenLayers: 1, nodesPerLayer: 250 } } });
    expect(snapshot.decisions.map((stored) => stored.limit)).toEqual([null, null, limit]);
    expect(snapshot.decisions.at(-1)?.decision).toMatchObject({
      action: "FINISH",
      verdict: "limit",
      winner: 2,
      reason: expect.stringMatching(reason),
    });
    expectSameReplay(snapshot);
  },
);

test("a limit on time by the clock counts from the first claim to the last result, by the store's clock", async () => {
  let nowMs = 0;
  const { snapshot, table } = await run({ ...none, wallSeconds: 0.008 }, () => nowMs++);
  expect(table.length).toBeGreaterThan(0);
  expect(table.length).toBeLessThan(5);
  expect(table.at(-1)).toMatch(/DONE$/);
  expect(snapshot.decisions.at(-1)).toMatchObject({ limit: { kind: "wall_time", limit: 0.008 }, decision: { verdict: "limit" } });
  expect(timeSpent(snapshot).wallSeconds).toBeGreaterThanOrEqual(0.008);
  expectSameReplay(snapshot);
});

test("a limit that is not reached changes nothing, nor does one that the search's own end comes before", async () => {
  const { snapshot, table } = await run({ ...none, cpuSeconds: 4.5, maxTrials: 5, wallSeconds: 60 });
  expect(table).toHaveLength(5);
  expect(snapshot.decisions.every(({ limit }) => limit === null)).toBe(true);
  expect(snapshot.decisions.at(-1)?.decision).toMatchObject({ verdict: "converged" });
  expectSameReplay(snapshot);
});

test("time is what the runs themselves took: a result taken over from another run costs none", async () => {
  const { snapshot } = await run(none);
  expect(snapshot.runs.every((each) => isTerminal("run", each.state))).toBe(true);
  expect(timeSpent(snapshot).cpuSeconds).toBe(5);
  const [first, ...others] = snapshot.runs;
  if (first === undefined) throw new Error("no runs");
  expect(timeSpent({ ...snapshot, runs: [{ ...first, reusedFrom: first.id }, ...others] }).cpuSeconds).toBe(4);
});
