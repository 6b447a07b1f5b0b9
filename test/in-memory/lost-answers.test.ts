/** Calls to the store that never arrive, and calls that are done while their answer is lost, on the real way of an assignment: the outcome stays. */
import { RightsizeError, type Store } from "@rightsize/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { courseTable, exampleSpec } from "../support/examples.ts";
import { startInMemoryService } from "../support/in-memory-service.ts";

const fates = ["arrives", "is lost", "is done, its answer lost"] as const;
type Fate = (typeof fates)[number];

interface Traffic {
  calls: number;
  /** Claims that were made while the worker never heard of them: only these may cost an attempt. */
  lostClaims: number;
}

/** The store behind a line that treats its calls, in their order, as told; all others arrive. */
function behindLine(store: Store, fatesOfCalls: readonly Fate[], traffic: Traffic): Store {
  const away = () => new RightsizeError("unavailable", "the line is cut");
  const throughLine = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...given: unknown[]) => {
          const fate = fatesOfCalls[traffic.calls++] ?? "arrives";
          if (fate === "is lost") throw away();
          const answer: unknown = await Reflect.apply(method, target, given);
          if (fate !== "is done, its answer lost") return answer;
          if (name === "claim") traffic.lostClaims += 1;
          throw away();
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
      const traffic: Traffic = { calls: 0, lostClaims: 0 };
      const service = await startInMemoryService({ now: () => nowMs, workersLine: (store) => behindLine(store, fatesOfCalls, traffic) });
      try {
        const { id } = await service.start(exampleSpec());
        let silence = 0;
        let heard = 0;
        for (let round = 0; (await service.store.experiments.find(null, id))?.endedAt === null; round++) {
          if (round > 2000) throw new Error(`it did not end: ${JSON.stringify(await service.store.work.attempts(id))}`);
          await new Promise((resolve) => setTimeout(resolve, 1));
          silence = traffic.calls === heard ? silence + 1 : 0;
          heard = traffic.calls;
          // Nobody says anything any more: what was claimed without an answer is found when its lease is over.
          if (silence === 10) {
            nowMs += 20_000;
            await service.reconcile();
            silence = 0;
          }
        }
        expect(await service.table(id)).toEqual(courseTable);
        const snapshot = await service.store.experiments.snapshot(id);
        expect(snapshot?.experiment.state).toBe("SUCCEEDED");
        expect(snapshot?.decisions.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(snapshot?.runs.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "COMPLETED"));
        for (const { id: run } of snapshot?.runs.slice(0, 5) ?? []) {
          expect((await service.store.work.epochs(run, 0, 10)).map(({ epoch }) => epoch)).toEqual([1, 2]);
        }
        const wasted = (await service.store.work.attempts(id)).filter(({ end }) => end !== "completed");
        expect(wasted.length).toBeLessThanOrEqual(traffic.lostClaims);
        // A write said again is known again: to refuse it as stale would throw away a worker's good attempt.
        expect(await service.store.work.staleWriteCount()).toBe(0);
        const events = await service.store.experiments.events(id, 0, 1000);
        expect(events.filter(({ kind }) => kind === "run.ended")).toHaveLength(6);
      } finally {
        await service.close();
      }
    }),
    { numRuns: 60 },
  );
});

test("a step that lost a race and is done again asks for nothing of its first try", async () => {
  const refused: unknown[] = [];
  const service = await startInMemoryService({
    workersLine: (store) => ({
      ...store,
      // As Postgres does after a deadlock: what the first try wrote is gone.
      experiments: {
        ...store.experiments,
        advance: (id, advance) =>
          store.experiments.advance(id, (snapshot) => {
            advance(snapshot);
            return advance(snapshot);
          }),
      },
      work: {
        ...store.work,
        async claim(request) {
          const claim = await store.work.claim(request);
          if ("refused" in claim && claim.refused === "unknown") refused.push(request.assignmentId);
          return claim;
        },
      },
    }),
  });
  try {
    const { id } = await service.start(exampleSpec());
    await service.finish(id);
    expect(await service.table(id)).toEqual(courseTable);
    expect(refused).toEqual([]);
  } finally {
    await service.close();
  }
});
