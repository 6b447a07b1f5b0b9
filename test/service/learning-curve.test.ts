/** A learning curve on real processes: real training on fewer rows, a worker killed in the middle of it, and the same curve to the last bit. */
import type { LearningCurve } from "@rightsize/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, apiAt, smallTable } from "../support/api.ts";
import { startService, type TestService } from "../support/service.ts";

let service: TestService;
let api: Api;
beforeAll(async () => {
  service = await startService({ engines: ["onnx"], slots: 1, queue: "postgres", leaseMs: 3000 });
  api = apiAt(service.url);
});
afterAll(() => service?.close());

const curve = async (id: string, method: "GET" | "POST" = "GET") =>
  (await (await api.raw(`/v1/experiments/${id}/learning-curve`, { method })).json()) as LearningCurve;
const told = ({ points, verdict, sentence }: LearningCurve) => ({ points, verdict, sentence });

test("kill -9 in the middle of a learning curve: another worker trains it, every point is what it would have been, and the experiment stays as it was", async () => {
  const { id: dataset } = await api.upload("small.csv", smallTable(2000));
  const { id } = await api.post({
    dataset,
    target: "y",
    search: { preset: "grid", parameters: { hiddenLayers: [1], nodesPerLayer: [32] } },
    // Long enough that the killed worker is met in the middle of a run: 100 epochs are over between two looks.
    recipe: { maxEpochs: 1500, patience: 1500 },
  });
  expect((await api.ended(id)).state).toBe("SUCCEEDED");
  // All but that it has a curve.
  const whole = async (learningCurve: boolean) => {
    const { learningCurve: has, ...experiment } = await api.experiment(id);
    expect(has).toBe(learningCurve);
    return JSON.stringify([experiment, await api.trials(id), await api.decisions(id)]);
  };
  const before = await whole(false);

  const asked = await curve(id, "POST");
  expect(asked.points.map(({ rows, wanted }) => [rows, wanted])).toEqual([
    [140, 3],
    [280, 3],
    [560, 3],
    [1120, 3],
  ]);
  await api.until(
    asked.curveExperimentId,
    ({ trials }) => trials[0]?.runs.some(({ state, epochs }) => state === "RUNNING" && epochs >= 2) ?? false,
  );
  await service.killWorker(0);
  await service.startWorker();
  expect((await api.ended(asked.curveExperimentId)).state).toBe("SUCCEEDED");
  const faulty = await curve(id);
  expect(faulty.points.map(({ runs, reused }) => [runs, reused])).toEqual([
    [3, 0],
    [3, 0],
    [3, 0],
    [3, 1],
  ]);
  // The table is a sum without noise: more rows are better.
  expect(faulty.points[3]?.validationLoss).toBeLessThan(faulty.points[0]?.validationLoss as number);

  // Once more from the beginning, without the fault.
  expect((await api.raw(`/v1/experiments/${asked.curveExperimentId}`, { method: "DELETE" })).status).toBe(204);
  const again = await curve(id, "POST");
  expect(again.curveExperimentId).not.toBe(asked.curveExperimentId);
  await api.ended(again.curveExperimentId);
  expect(told(await curve(id))).toEqual(told(faulty));
  expect(await whole(true)).toBe(before);
});
