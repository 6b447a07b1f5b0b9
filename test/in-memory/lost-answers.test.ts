/** Calls to the store that never arrive, and calls that are done while their answer is lost, on the real way of an assignment: the outcome stays. */
import { RightsizeError, type Store } from "@rightsize/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { courseTable, exampleSpec } from "../support/examples.ts";
import { startInMemoryService } from "../support/in-memory-service.ts";

const fates = ["arrives", "is lost", "is done, its answer lost"] as const;
type Fate = (typeof fates)[number];

/** The store behind a line that treats its calls, in their order, as told; all others arrive. */
function behindLine(store: Store, fatesOfCalls: readonly Fate[]): Store {
  let calls = 0;
  const away = () => new RightsizeError("unavailable", "the line is cut");
  const throughLine = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...given: unknown[]) => {
          const fate = fatesOfCalls[calls++] ?? "arrives";
          if (fate === "is lost") throw away();
          const answer: unknown = await Reflect.apply(method, target, given);
          if (fate === "is done, its answer lost") throw away();
          return answer;
        };
      },
    });
  return { ...store, work: throughLine(store.work), experiments: throughLine(store.experiments), outbox: throughLine(store.outbox) };
}

test("whatever calls and answers are lost, the table is the course's, with one decision each and no run without a result", async () => {
  const anyFate = fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>("arrives") },
    { weight: 1, arbitrary: fc.constantFrom<Fate>("is lost", "is done, its answer lost") },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyFate, { maxLength: 80, size: "max" }), async (fatesOfCalls) => {
      let nowMs = 0;
      const service = await startInMemoryService({ now: () => nowMs, workersLine: (store) => behindLine(store, fatesOfCalls) });
      try {
        const { id } = await service.start(exampleSpec());
        for (let round = 0; (await service.store.experiments.find(null, id))?.endedAt === null; round++) {
          if (round > 2000) throw new Error(`it did not end: ${JSON.stringify(await service.store.work.attempts(id))}`);
          await new Promise((resolve) => setTimeout(resolve, 1));
          // What a worker could not even claim, or ended without saying so, is found when its lease is over.
          if (round % 10 === 9) {
            nowMs += 20_000;
            await service.reconcile();
          }
        }
        expect(await service.table(id)).toEqual(courseTable);
        const snapshot = await service.store.experiments.snapshot(id);
        expect(snapshot?.experiment.state).toBe("SUCCEEDED");
        expect(snapshot?.decisions.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(snapshot?.runs.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "COMPLETED"));
        const events = await service.store.experiments.events(id, 0, 1000);
        expect(events.filter(({ kind }) => kind === "run.ended")).toHaveLength(6);
      } finally {
        await service.close();
      }
    }),
    { numRuns: 60 },
  );
});
