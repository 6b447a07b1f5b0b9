/** The store's contract for the reconciler: nothing hangs, nothing is trained again for nothing, crashes have a limit. */
import { isTerminal } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleSpec } from "../../support/examples.ts";
import {
  claimOf,
  codeOf,
  complete,
  drain,
  eventLines,
  longLeaseMs,
  type OpenWorld,
  shortLeaseMs,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

export function reconcileContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  describe("the reconciler", () => {
    const limits = { crashLimit: 3, redispatchMs: longLeaseMs };

    test("ends attempts whose lease is over and dispatches their runs again; live leases it leaves alone", async () => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit"], ["fit"]]);
      await drain(store);
      const first = await take(store, assignments[0]);
      await take(store, assignments[1]);
      expect(await store.work.reconcile(limits)).toEqual([]);
      expect(await drain(store)).toEqual([]);
      await store.work.heartbeat(first, shortLeaseMs);
      await world.pass(shortLeaseMs * 2);
      await store.work.reconcile(limits);
      const attempts = await store.work.attempts(id);
      expect(attempts.map((attempt) => [attempt.assignmentId, attempt.end]).sort()).toEqual(
        [
          [assignments[0], "lease_lost"],
          [assignments[1], null],
        ].sort(),
      );
      expect(await drain(store)).toEqual([{ assignmentId: assignments[0], dispatch: 1 }]);
      expect((await snapshotOf(store, id)).runs.map((run) => run.state).sort()).toEqual(["QUEUED", "RUNNING"]);
    });

    test("ten reconcilers at once end a lost lease once", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      await drain(store);
      await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      await Promise.all(Array.from({ length: 10 }, () => store.work.reconcile(limits)));
      expect(await store.work.attempts(id)).toHaveLength(1);
      expect((await eventLines(store, id)).filter((line) => line.endsWith("run.requeued"))).toHaveLength(1);
      expect(await drain(store)).toHaveLength(1);
    });

    test("gives an assignment up after so many crashes and lost leases, with the reason, and says which experiment", async () => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit", "fit"]]);
      for (let crash = 1; crash <= 2; crash++) {
        await store.work.endAttempt(await take(store, assignments[0]), "crashed", `segmentation fault ${crash}`);
        expect(await store.work.reconcile(limits)).toEqual([]);
      }
      await store.work.endAttempt(await take(store, assignments[0]), "released", "a release is no crash");
      expect(await store.work.reconcile(limits)).toEqual([]);
      await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      expect(await store.work.reconcile(limits)).toEqual([id]);
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.runs.map((run) => run.state)).toEqual(["FAILED", "FAILED"]);
      expect(snapshot.runs[0]?.result?.reason).toBe(
        "Given up after 3 attempts that crashed or lost their lease (limit 3); the last time its lease was lost.",
      );
      expect(snapshot.experiment.state, "that is for `advance` to say").toBe("RUNNING");
      expect((await store.experiments.events(id, 0, 1000)).slice(-2)).toMatchObject([
        { kind: "run.ended", data: { state: "FAILED" } },
        { kind: "run.ended", data: { state: "FAILED" } },
      ]);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "completed" });
      expect(await store.work.reconcile(limits)).toEqual([]);
    });

    test("ten reconcilers at once give an assignment up once", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      for (let crash = 1; crash <= 3; crash++) await store.work.endAttempt(await take(store, assignments[0]), "crashed", "boom");
      const told = await Promise.all(Array.from({ length: 10 }, () => store.work.reconcile(limits)));
      expect(told.flat()).toEqual([id]);
      expect((await eventLines(store, id)).filter((line) => line.endsWith("run.ended"))).toHaveLength(1);
    });

    test("tells an attempt that still runs after too many crashes to stop", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      for (let crash = 1; crash <= 3; crash++) await store.work.endAttempt(await take(store, assignments[0]), "crashed", "boom");
      const claim = await take(store, assignments[0]);
      expect(await store.work.reconcile(limits)).toEqual([id]);
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("cancel");
      expect(await codeOf(store.work.endAttempt(claim, "cancelled", null))).toBe("none");
      expect((await snapshotOf(store, id)).runs[0]?.result?.reason).toContain("the last time it crashed: boom");
    });

    test("closes an assignment whose worker was killed between its last result and saying so", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      await drain(store);
      const claim = await take(store, assignments[0], { leaseMs: shortLeaseMs });
      await complete(store, claim, runs[0]);
      await world.pass(shortLeaseMs * 2);
      expect(await store.work.reconcile(limits)).toEqual([id]);
      expect(await store.work.attempts(id)).toMatchObject([{ end: "completed" }]);
      expect(await drain(store)).toEqual([]);
      expect((await snapshotOf(store, id)).runs.every((run) => isTerminal("run", run.state))).toBe(true);
    });

    test("dispatches again what waits since long, under the same dispatch number, once", async () => {
      const { store } = world;
      const { assignments } = await start(store, [["fit"], ["fit"]]);
      await drain(store);
      await world.pass(30);
      await store.work.reconcile({ crashLimit: 3, redispatchMs: longLeaseMs });
      expect(await drain(store), "not yet").toEqual([]);
      await take(store, assignments[1]);
      await store.work.reconcile({ crashLimit: 3, redispatchMs: 10 });
      await store.work.reconcile({ crashLimit: 3, redispatchMs: 10 });
      expect(await drain(store)).toEqual([{ assignmentId: assignments[0], dispatch: 0 }]);
    });

    test("an outbox that nobody relays doesn't grow", async () => {
      const { store } = world;
      await start(store);
      for (let round = 0; round < 5; round++) {
        await world.pass(10);
        await store.work.reconcile({ crashLimit: 3, redispatchMs: 1 });
      }
      expect(await drain(store)).toHaveLength(1);
    });
  });

  describe("a trial", () => {
    test("is found with its experiment and runs", async () => {
      const { store } = world;
      const { id, trialId, assignments, runs } = await start(store, [["fit", "fit"]]);
      await take(store, assignments[0]);
      const found = await store.work.findTrial(trialId);
      expect(found).toMatchObject({ experiment: { id, spec: exampleSpec() }, trial: { id: trialId, state: "RUNNING" } });
      expect(found?.runs.map((run) => run.id)).toEqual(runs);
      expect(await store.work.findTrial("tri_unknown" as typeof trialId)).toBeNull();
    });
  });
}
