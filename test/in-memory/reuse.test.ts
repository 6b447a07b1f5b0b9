/** Reuse: what was trained before is not trained again, and the table is the same. */
import { afterEach, expect, test } from "vitest";
import { courseTable, exampleSpec } from "../support/examples.ts";
import { type InMemoryService, startInMemoryService } from "../support/in-memory-service.ts";

let service: InMemoryService;
afterEach(() => service.close());

test("the same question again trains nothing but the end, and gives the same table", async () => {
  service = await startInMemoryService();
  const first = await service.start(exampleSpec());
  await service.finish(first.id);
  const trainedOnce = service.trained.length;
  const second = await service.start(exampleSpec());
  expect((await service.finish(second.id)).state).toBe("SUCCEEDED");
  expect(await service.table(second.id)).toEqual(courseTable);
  expect(service.trained.slice(trainedOnce)).toEqual(["3x200 finalise 0"]);
  const snapshot = await service.store.experiments.snapshot(second.id);
  const fits = snapshot?.runs.filter(({ purpose }) => purpose === "fit") ?? [];
  expect(fits.map(({ reusedFrom }) => reusedFrom)).not.toContain(null);
  for (const run of fits) expect(await service.store.work.epochs(run.id, 0, 100)).toHaveLength(2);
});

test("a continued search trains only what is new", async () => {
  service = await startInMemoryService();
  const first = await service.start(exampleSpec({ limits: { ...exampleSpec().limits, maxTrials: 2 } }));
  await service.finish(first.id);
  const trainedOnce = service.trained.length;
  const second = await service.start(exampleSpec());
  await service.finish(second.id);
  expect(await service.table(second.id)).toEqual(courseTable);
  expect(service.trained.slice(trainedOnce)).toEqual(["2x250 fit 0", "3x250 fit 0", "3x200 fit 0", "3x200 finalise 0"]);
});

test("another seed is another run", async () => {
  service = await startInMemoryService();
  await service.finish((await service.start(exampleSpec())).id);
  const trainedOnce = service.trained.length;
  await service.finish((await service.start(exampleSpec({ seed: 1 }))).id);
  expect(service.trained.slice(trainedOnce)).toHaveLength(6);
});
