/** Faults on real processes: a killed worker, a sleeping one, an emptied queue, a trainer that crashes every time. The fault-free table is the oracle. */

import type { ExperimentRequest } from "@rightsize/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiAt, rowsOf, smallTable } from "../support/api.ts";
import { courseScores, courseTable } from "../support/examples.ts";
import { startService, type TestService } from "../support/service.ts";

let service: TestService;
let api: Api;
let dataset: string;
/** The worker that lives; each fault leaves a new one. */
let worker = 0;
beforeAll(async () => {
  service = await startService({ engines: ["scripted"], slots: 1, queue: "postgres", leaseMs: 3000 });
  api = apiAt(service.url);
  dataset = (await api.upload("small.csv", smallTable())).id;
});
afterAll(() => service?.close());

/** The course's experiment with runs that take `epochs` × `epochMs`. */
const scripted = (epochs: number, epochMs: number, runs = courseScores): ExperimentRequest => ({
  dataset,
  target: "y",
  search: { preset: "course" },
  engine: {
    name: "scripted",
    script: { runs: runs.map((run) => ({ ...run, epochs, epochMs })), otherwise: { score: 9, epochs: 2, epochMs: 1 } },
  },
});
const running = (number: number) => (table: Awaited<ReturnType<Api["trials"]>>) =>
  table.trials[number - 1]?.runs.some(({ state, epochs }) => state === "RUNNING" && epochs >= 2) ?? false;

test("kill -9 of a worker in the middle of a run: another trains it again within 20 s, and the table is the same", async () => {
  const { id } = await api.post(scripted(20, 60));
  await api.until(id, running(2));
  const killedAt = Date.now();
  await service.killWorker(worker);
  worker = await service.startWorker();
  const killed = (await api.trials(id)).trials[1]?.runs[0]?.id;
  await api.until(id, ({ trials }) => trials[1]?.state === "COMPLETED", 25_000);
  expect(Date.now() - killedAt).toBeLessThan(20_000);
  expect((await api.ended(id)).state).toBe("SUCCEEDED");
  const table = await api.trials(id);
  expect(rowsOf(table)).toEqual(courseTable);
  expect(table.trials[1]?.runs[0]?.id).toBe(killed);
});

test("SIGSTOP past the lease, then SIGCONT: the late result is refused, and the table is the same", async () => {
  const staleBefore = await service.staleWrites();
  const { id } = await api.post(scripted(12, 60));
  await api.until(id, running(1));
  const sleeping = service.pauseWorker(worker);
  worker = await service.startWorker();
  await api.until(id, ({ trials }) => trials.length >= 2, 30_000);
  sleeping.resume();
  expect((await api.ended(id)).state).toBe("SUCCEEDED");
  expect(rowsOf(await api.trials(id))).toEqual(courseTable);
  await expect.poll(() => service.staleWrites(), { timeout: 15_000 }).toBeGreaterThan(staleBefore);
});

test("an emptied queue loses nothing: the experiment finishes by itself", async () => {
  const { id } = await api.post(scripted(4, 50));
  for (let round = 0; round < 3; round++) {
    await service.emptyQueue();
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  expect((await api.ended(id)).state).toBe("SUCCEEDED");
  expect(rowsOf(await api.trials(id))).toEqual(courseTable);
});

test("a trainer that crashes every time ends the experiment FAILED with the reason; the rows before stay", async () => {
  const runs = courseScores.map((run) => (run.capacity.hiddenLayers === 2 ? { ...run, fails: "crashes" as const } : run));
  const { id } = await api.post(scripted(2, 1, runs));
  const ended = await api.ended(id, 60_000);
  expect(ended.state).toBe("FAILED");
  expect(ended.stateReason).toMatch(/trial 3.*exit code 13/);
  expect(rowsOf(await api.trials(id)).slice(0, 2)).toEqual(courseTable.slice(0, 2));
});
