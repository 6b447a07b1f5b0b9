/** The store's contract for the outbox and the workers' register. */
import { localOwner, type OutboxItem, randomIds, type WorkerRecord } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examplePlan, exampleSpec } from "../../support/examples.ts";
import { codeOf, drain, firstStep, type OpenWorld, start, take, type World, worker } from "./world.ts";

export function outboxContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  const waiting = (count: number) =>
    start(
      world.store,
      Array.from({ length: count }, () => ["fit"] as const),
    );

  describe("the outbox", () => {
    test("publishes each row and forgets it", async () => {
      const { store } = world;
      const { assignments } = await waiting(3);
      const published: OutboxItem[] = [];
      expect(await store.outbox.relay(10, async (items) => void published.push(...items))).toBe(3);
      expect(published.map((item) => item.assignmentId).sort()).toEqual([...assignments].sort());
      expect(published.every((item) => item.dispatch === 0 && item.priority === 10)).toBe(true);
      expect(await store.outbox.relay(10, async () => expect.unreachable("nothing is left to publish"))).toBe(0);
    });

    test("keeps what could not be published, and gives the publisher's own error back", async () => {
      const { store } = world;
      await waiting(3);
      const refused = new Error("Redis is full");
      await expect(store.outbox.relay(10, () => Promise.reject(refused))).rejects.toBe(refused);
      await expect(
        store.outbox.relay(10, () => {
          throw refused;
        }),
      ).rejects.toBe(refused);
      expect(await drain(store)).toHaveLength(3);
    });

    test("takes so many at a time, most urgent first", async () => {
      const { store } = world;
      for (const priority of [30, 10, 20, 1000, 5]) {
        const plan = firstStep([["fit"]], priority);
        await store.experiments.create(
          {
            id: randomIds("experiment"),
            owner: localOwner,
            spec: exampleSpec(),
            plan: examplePlan(),
            policyVersion: "p",
            idempotency: null,
          },
          () => plan,
        );
      }
      const priorities: number[][] = [];
      while ((await store.outbox.relay(2, async (items) => void priorities.push(items.map((item) => item.priority)))) > 0);
      expect(priorities).toEqual([[5, 10], [20, 30], [1000]]);
    });

    test("relays at the same time share the rows: none is published twice, none is waited for", async () => {
      const { store } = world;
      await waiting(40);
      const published: string[] = [];
      let running = 0;
      let most = 0;
      const relayed = await Promise.all(
        Array.from({ length: 4 }, () =>
          store.outbox.relay(10, async (items) => {
            most = Math.max(most, ++running);
            await new Promise((resolve) => setTimeout(resolve, 100));
            running--;
            published.push(...items.map((item) => item.assignmentId));
          }),
        ),
      );
      expect(relayed).toEqual([10, 10, 10, 10]);
      expect(new Set(published).size).toBe(40);
      expect(most).toBeGreaterThan(1);
    });

    test("a publisher that hangs holds nobody up: experiments start, advance and are cancelled meanwhile", async () => {
      const { store } = world;
      const { id } = await waiting(1);
      let release = () => {};
      const relaying = store.outbox.relay(10, () => new Promise<void>((resolve) => (release = resolve)));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const started = performance.now();
      await waiting(1);
      await store.work.reconcile({ crashLimit: 3, redispatchMs: 0 });
      expect(
        await codeOf(
          store.experiments.advance(id, () => ({ ...firstStep([]), decision: null, newTrials: [], experiment: { state: "CANCELLED" } })),
        ),
      ).toBe("none");
      expect(performance.now() - started).toBeLessThan(3_000);
      release();
      expect(await relaying).toBe(1);
    });
  });

  describe("workers", () => {
    const record = (name: string): Omit<WorkerRecord, "startedAt" | "lastSeenAt" | "live" | "running"> => ({
      id: worker(name),
      machine: "a machine",
      processId: 4711,
      slots: 2,
      engines: ["scripted"],
      fingerprint: "scripted-1",
      device: "cpu",
      memoryBytes: 64 * 2 ** 30,
    });

    test("announce themselves, hold assignments, and leave", async () => {
      const { store } = world;
      expect(await store.workers.seen(worker("one"))).toBe(false);
      await store.workers.announce(record("one"));
      expect(await store.workers.seen(worker("one"))).toBe(true);
      const { assignments } = await start(store);
      const claim = await take(store, assignments[0], { by: "one" });
      expect(await store.workers.list()).toMatchObject([{ ...record("one"), live: true, running: [assignments[0]] }]);
      await store.work.endAttempt(claim, "released", null);
      expect(await store.workers.list()).toMatchObject([{ running: [] }]);
      await store.workers.leave(worker("one"));
      await store.workers.leave(worker("one"));
      expect(await store.workers.list()).toEqual([]);
      expect(await store.workers.seen(worker("one"))).toBe(false);
    });

    test("that announce themselves again take their old place, with what is new", async () => {
      const { store } = world;
      await store.workers.announce(record("one"));
      const [before] = await store.workers.list();
      await world.pass(5);
      await store.workers.announce({ ...record("one"), slots: 4 });
      const after = await store.workers.list();
      expect(after).toMatchObject([{ slots: 4, startedAt: before?.startedAt }]);
      expect(Date.parse(after[0]?.lastSeenAt ?? "")).toBeGreaterThan(Date.parse(before?.lastSeenAt ?? ""));
    });
  });

  test("answers `check`", async () => {
    expect(await codeOf(world.store.check())).toBe("none");
  });
}
