/** Attempts as the API lists them: each with its row and size, and with when it was asked for. */
import { attemptListSchema } from "@rightsize/contract";
import type { Attempt, ExperimentSnapshot } from "@rightsize/core";
import { createMemoryStore } from "@rightsize/store";
import { expect, test } from "vitest";
import { placedAttempts } from "../src/views/attempt-list.ts";
import { course, playToTheEnd } from "./play.ts";
import { postExperiment, startTestApi } from "./support.ts";

const at = (second: number) => new Date(1000 * second).toISOString();
const attempt = (assignmentId: string, number: number, startedAt: string, more: Partial<Attempt> = {}) =>
  ({ assignmentId, number, workerId: "wrk_1", startedAt, endedAt: null, end: null, detail: null, ...more }) as Attempt;
const capacity = { hiddenLayers: 1, nodesPerLayer: 64 };
const snapshot = {
  decisions: [
    { sequence: 1, createdAt: at(10) },
    { sequence: 2, createdAt: at(20) },
  ],
  trials: [{ id: "tri_1", number: 1, capacity }],
  runs: [
    { id: "run_1", trialId: "tri_1", assignmentId: "asg_asked", decision: 1 },
    { id: "run_2", trialId: "tri_1", assignmentId: "asg_early", decision: 2 },
  ],
  speculative: {
    trials: [{ id: "tri_2", number: null, capacity: { hiddenLayers: 2, nodesPerLayer: 64 } }],
    runs: [
      { id: "run_3", trialId: "tri_2", assignmentId: "asg_vain" },
      // Begun with one that a decision then asked for.
      { id: "run_4", trialId: "tri_1", assignmentId: "asg_early" },
    ],
  },
} as unknown as ExperimentSnapshot;

test("an attempt was asked for before it began, after, or never", () => {
  const attempts = [
    attempt("asg_vain", 1, at(12)),
    attempt("asg_early", 2, at(21)),
    attempt("asg_early", 1, at(15), { end: "released", endedAt: at(16) }),
    attempt("asg_asked", 1, at(11)),
    attempt("asg_gone", 1, at(30)),
  ];
  const told = placedAttempts({ snapshot, attempts, workers: [] });
  expect(told.map(({ assignmentId, number, asked, trial, runIds }) => [assignmentId, number, asked, trial, runIds])).toEqual([
    ["asg_asked", 1, "before", 1, ["run_1"]],
    ["asg_vain", 1, "never", null, []],
    ["asg_early", 1, "after", 1, ["run_2"]],
    ["asg_early", 2, "before", 1, ["run_2"]],
    ["asg_gone", 1, "never", null, []],
  ]);
  expect(told.map(({ capacity: size }) => size?.hiddenLayers ?? null)).toEqual([1, 2, 1, 1, null]);
});

test("what went wrong is told without a secret, and a worker that is known no more has no machine", () => {
  const [told] = placedAttempts({ snapshot, attempts: [attempt("asg_asked", 1, at(1), { detail: "token=abc" })], workers: [] });
  expect(told).toMatchObject({ detail: "token=…", machine: null, device: null });
});

test("an attempt that begins while the list is read isn't told as one that nobody asked for", async () => {
  const store = createMemoryStore();
  let meanwhile = async () => {};
  const snapshotThen: typeof store.experiments.snapshot = async (id) => {
    const read = await store.experiments.snapshot(id);
    await meanwhile();
    return read;
  };
  const api = await startTestApi({
    store,
    change: (deps) => ({ ...deps, store: { ...store, experiments: { ...store.experiments, snapshot: snapshotThen } } }),
  });
  try {
    const id = await postExperiment(api.app, course);
    meanwhile = () => playToTheEnd(api, id);
    const list = async () => attemptListSchema.parse((await api.app.inject(`/v1/experiments/${id}/attempts`)).json()).attempts;
    expect((await list()).map(({ asked }) => asked)).not.toContain("never");
    meanwhile = async () => {};
    expect(await list()).toHaveLength(6);
  } finally {
    await api.close();
  }
});
