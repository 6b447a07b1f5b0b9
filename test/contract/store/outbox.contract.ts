/** The store's contract for the outbox and the workers' register. */
import { localOwner, type OutboxItem, type RunId, randomIds, type Store } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examplePlan, exampleSpec } from "../../support/examples.ts";
import { codeOf, complete, drain, epochsOf, firstStep, type OpenWorld, resultOf, start, take, type World, worker } from "./world.ts";

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
    const record = (name: string): Parameters<Store["workers"]["announce"]>[0] => ({
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
      const { id, assignments } = await start(store);
      const claim = await take(store, assignments[0], { by: "one" });
      const doing = [{ experimentId: id, name: exampleSpec().name, capacity: { hiddenLayers: 1, nodesPerLayer: 100 } }];
      expect(await store.workers.list()).toMatchObject([{ ...record("one"), live: true, running: [assignments[0]], doing }]);
      await store.work.endAttempt(claim, "released", null);
      expect(await store.workers.list()).toMatchObject([{ running: [], doing: [] }]);
      await store.workers.leave(worker("one"));
      await store.workers.leave(worker("one"));
      expect(await store.workers.list()).toEqual([]);
      expect(await store.workers.seen(worker("one"))).toBe(false);
    });

    test("are told with what they trained in the last minutes, each its own, without what was copied", async () => {
      const { store } = world;
      for (const name of ["one", "two", "idle"]) {
        await store.workers.announce(record(name));
        await world.pass(2);
      }
      const { assignments, runs } = await start(store, [["fit", "fit", "fit"], ["finalise"], ["fit"]]);
      const mine = await take(store, assignments[0], { by: "one" });
      await store.work.appendEpochs(mine, epochsOf(runs[0], 1, 3));
      await complete(store, mine, runs[0], resultOf(0.5, { epochs: 3, cost: 100, trainMs: 250 }));
      await store.work.completeRun(mine, runs[1] as RunId, {
        state: "DIVERGED",
        result: resultOf(null, { epochs: 1, cost: 10, trainMs: 50, weightsArtifact: null }),
      });
      const copied = { state: "COMPLETED" as const, result: resultOf(0.5, { cost: 7777 }), reusedFrom: runs[0] as RunId };
      await store.work.completeRun(mine, runs[2] as RunId, copied);
      const finalise = await take(store, assignments[1], { by: "two" });
      await complete(store, finalise, finalise.runs[0]?.id, resultOf(0.5, { cost: 7777, trainMs: 7777 }));
      const other = await take(store, assignments[2], { by: "two" });
      await complete(store, other, other.runs[0]?.id, resultOf(0.5, { epochs: 2, cost: 5, trainMs: 20 }));
      expect((await store.workers.list()).map(({ id, recent }) => [id, recent.runs, recent.cost, recent.trainMs])).toEqual([
        [worker("one"), 2, 110, 300],
        [worker("two"), 1, 5, 20],
        [worker("idle"), 0, 0, 0],
      ]);
      expect((await store.workers.list())[0]?.recent.epochs).toBeGreaterThan(0);
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
