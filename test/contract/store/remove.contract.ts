/** The contract of deletions, of admission, and of the numbers for /metrics: what goes, what stays because others need it. */
import { type ExperimentId, localOwner, type OwnerId, type RunId, randomIds, type Sha256, type Store } from "@rightsize/core";
import { afterEach, describe, expect, test } from "vitest";
import { exampleAnswer, examplePlan, exampleSpec, hashOf } from "../../support/examples.ts";
import {
  alice,
  bob,
  codeOf,
  complete,
  datasetNamed,
  drain,
  epochsOf,
  firstStep,
  type OpenWorld,
  resultOf,
  type Started,
  setState,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

const hash = (text: string) => text.padStart(64, "0") as Sha256;

export function removeContract(open: OpenWorld): void {
  // A describe of its own, so that its hooks are its tests' alone.
  describe("deletion and admission", () => removals(open));
}

function removals(open: OpenWorld): void {
  let world: World;
  afterEach(() => world.close());

  /** An experiment with a run that left weights and a checkpoint, then cancelled. */
  async function ended(store: Store, weights: Sha256, owner: OwnerId = localOwner): Promise<Started> {
    const started = await start(store, [["fit", "fit"]], owner);
    const claim = await take(store, started.assignments[0]);
    await store.work.appendEpochs(claim, epochsOf(started.runs[0], 1, 3));
    await store.work.recordCheckpoint(claim, { runId: started.runs[1] as RunId, artifact: hash("cc"), epoch: 2 });
    await complete(store, claim, started.runs[0], resultOf(0.5, { weightsArtifact: weights }));
    await setState(store, started.id, "CANCELLED");
    return started;
  }

  /** What a sweep of checkpoints gives. */
  async function swept(store: Store): Promise<readonly Sha256[]> {
    const given: Sha256[] = [];
    await store.work.sweepCheckpoints(100, async (artifacts) => void given.push(...artifacts));
    return given;
  }

  /** How many a sweep of what deletions left has taken, and what it gave. */
  async function sweptLeft(store: Store, limit = 100): Promise<readonly [taken: number, given: readonly Sha256[]]> {
    const given: Sha256[] = [];
    const taken = await store.experiments.sweepLeft(limit, async (artifacts) => void given.push(...artifacts));
    return [taken, given];
  }

  describe("deleting an experiment", () => {
    test("takes everything of it along, and names the artifacts that nothing needs any more", async () => {
      world = await open();
      const { store } = world;
      const { id, trialId, assignments, runs } = await ended(store, hash("1"));
      expect(await store.experiments.remove(localOwner, id)).toEqual({ artifacts: [hash("1"), examplePlan().artifact].sort() });
      expect(await swept(store), "its checkpoints went with the runs' ends").toEqual([hash("cc")]);
      expect(await store.experiments.find(null, id)).toBeNull();
      expect(await store.experiments.snapshot(id)).toBeNull();
      expect(await store.experiments.events(id, 0, 10)).toEqual([]);
      expect(await store.work.attempts(id)).toEqual([]);
      expect(await store.work.epochs(runs[0] as RunId, 0, 10)).toEqual([]);
      expect(await store.work.findTrial(trialId)).toBeNull();
      expect((await drain(store)).map(({ assignmentId }) => assignmentId)).not.toContain(assignments[0]);
      expect(await store.experiments.remove(localOwner, id)).toBeNull();
    });

    test("names what its answer left: the model and its evaluation, unless another answer has the same", async () => {
      world = await open();
      const { store } = world;
      const answered = async (model: Sha256, evaluation: Sha256) => {
        const started = await start(store, [["finalise"]]);
        const claim = await take(store, started.assignments[0]);
        const answer = exampleAnswer({ modelArtifact: model, evaluationArtifact: evaluation });
        const result = resultOf(0.5, { weightsArtifact: null });
        await store.work.completeRun(claim, started.runs[0] as RunId, { state: "COMPLETED", result, answer });
        await setState(store, started.id, "CANCELLED");
        return started.id;
      };
      const first = await answered(hash("1"), hash("2"));
      const second = await answered(hash("3"), hash("2"));
      expect(await store.experiments.remove(localOwner, first)).toEqual({ artifacts: [hash("1")] });
      expect(await store.experiments.remove(localOwner, second)).toEqual({
        artifacts: [hash("2"), hash("3"), examplePlan().artifact].sort(),
      });
    });

    test("keeps the artifacts that another experiment or a dataset refers to", async () => {
      world = await open();
      const { store } = world;
      const first = await ended(store, hash("1"));
      const second = await ended(store, hash("1"), alice);
      await store.datasets.put({ ...datasetNamed(alice, "9"), columnsArtifact: hash("cc") });
      expect(await swept(store)).toEqual([]);
      expect(await store.experiments.remove(localOwner, first.id)).toEqual({ artifacts: [] });
      expect(await store.experiments.remove(alice, second.id)).toEqual({ artifacts: [hash("1"), examplePlan().artifact].sort() });
    });

    test("keeps them too while an open experiment on the same data may be about to store the same bytes", async () => {
      world = await open();
      const { store } = world;
      const { id } = await ended(store, hash("1"));
      await start(store);
      expect(await store.experiments.remove(localOwner, id)).toEqual({ artifacts: [] });
      expect(await store.experiments.anyLeft()).toBe(false);
      expect(await sweptLeft(store)).toEqual([0, []]);
    });

    test("what was kept for an open experiment is swept once none is, whoever's they were", async () => {
      world = await open();
      const { store } = world;
      const { id } = await ended(store, hash("1"));
      const others = [await start(store, undefined, alice), await start(store)] as const;
      await start(store, undefined, localOwner, { dataset: hashOf("e") });
      await store.experiments.remove(localOwner, id);
      for (const other of others) {
        expect(await sweptLeft(store)).toEqual([0, []]);
        await setState(store, other.id, "CANCELLED");
      }
      expect(await store.experiments.anyLeft()).toBe(true);
      // The plan is the others' too: it goes with the last of them.
      expect(await sweptLeft(store)).toEqual([1, [hash("1")]]);
      expect(await store.experiments.anyLeft()).toBe(false);
      expect(await sweptLeft(store)).toEqual([0, []]);
    });

    test("what the open experiment has come to need of it stays, and goes with that one", async () => {
      world = await open();
      const { store } = world;
      const first = await ended(store, hash("1"));
      const second = await start(store);
      await store.experiments.remove(localOwner, first.id);
      await complete(store, await take(store, second.assignments[0]), second.runs[0], resultOf(0.5, { weightsArtifact: hash("1") }));
      await setState(store, second.id, "CANCELLED");
      expect(await sweptLeft(store)).toEqual([1, []]);
      expect(await store.experiments.remove(localOwner, second.id)).toEqual({ artifacts: [hash("1"), examplePlan().artifact].sort() });
    });

    test("bytes that could not be deleted stay noted, and a batch is no more than asked for", async () => {
      world = await open();
      const { store } = world;
      const removed = [await ended(store, hash("1")), await ended(store, hash("2"))];
      const other = await start(store);
      for (const { id } of removed) await store.experiments.remove(localOwner, id);
      await setState(store, other.id, "CANCELLED");
      await expect(store.experiments.sweepLeft(10, () => Promise.reject(new Error("the disk is gone")))).rejects.toThrow(
        "the disk is gone",
      );
      expect((await sweptLeft(store, 1))[0]).toBe(1);
      expect((await sweptLeft(store, 1))[0]).toBe(1);
      expect(await store.experiments.anyLeft()).toBe(false);
    });

    test.each(["QUEUED", "RUNNING", "PAUSED"] as const)("that is %s is refused", async (state) => {
      world = await open();
      const { store } = world;
      const { id, assignments } = await start(store);
      if (state === "RUNNING") await take(store, assignments[0]);
      if (state === "PAUSED") await setState(store, id, "PAUSED");
      expect(await codeOf(store.experiments.remove(localOwner, id))).toBe("conflict");
      expect((await snapshotOf(store, id)).experiment.state).toBe(state);
    });

    test("of another owner changes nothing and finds nothing", async () => {
      world = await open();
      const { store } = world;
      const { id } = await ended(store, hash("1"), alice);
      expect(await store.experiments.remove(bob, id)).toBeNull();
      expect(await store.experiments.remove(bob, "exp_none" as ExperimentId)).toBeNull();
      expect(await store.experiments.find(alice, id)).not.toBeNull();
    });

    test("frees its Idempotency-Key", async () => {
      world = await open();
      const { store } = world;
      const post = () =>
        store.experiments.create(
          {
            id: randomIds("experiment"),
            owner: alice,
            spec: exampleSpec(),
            plan: examplePlan(),
            policyVersion: "course@1",
            idempotency: { key: "once", requestHash: hashOf("b") },
          },
          () => firstStep(),
        );
      const { experiment } = await post();
      expect((await post()).created).toBe(false);
      await setState(store, experiment.id, "CANCELLED");
      await store.experiments.remove(alice, experiment.id);
      expect(await store.experiments.findByIdempotencyKey(alice, "once")).toBeNull();
      expect((await post()).created).toBe(true);
    });
  });

  describe("deleting a dataset", () => {
    test("names its bytes and its columns, unless another owner has the same table", async () => {
      world = await open();
      const { store } = world;
      const table = (owner: OwnerId) => ({ ...datasetNamed(owner, "7"), columnsArtifact: hash("8") });
      await store.datasets.put(table(alice));
      await store.datasets.put(table(bob));
      expect(await store.datasets.remove(alice, hashOf("7"))).toEqual({ artifacts: [] });
      expect(await store.datasets.remove(alice, hashOf("7"))).toBeNull();
      expect(await store.datasets.remove(bob, hashOf("7"))).toEqual({ artifacts: [hash("8"), hashOf("7")].sort() });
      expect(await store.datasets.find(bob, hashOf("7"))).toBeNull();
    });

    test("is refused while an experiment of the owner is about it, ended or not", async () => {
      world = await open();
      const { store } = world;
      for (const owner of [alice, bob]) await store.datasets.put(datasetNamed(owner, "d"));
      const { id } = await ended(store, hash("1"), alice);
      expect(await codeOf(store.datasets.remove(alice, hashOf("d")))).toBe("conflict");
      expect(await store.datasets.remove(bob, hashOf("d"))).not.toBeNull();
      await store.experiments.remove(alice, id);
      expect(await store.datasets.remove(alice, hashOf("d"))).not.toBeNull();
    });
  });

  describe("admission", () => {
    const post = (store: Store, openExperiments: number | null, key: string | null = null) =>
      store.experiments.create(
        {
          id: randomIds("experiment"),
          owner: alice,
          spec: exampleSpec(),
          plan: examplePlan(),
          policyVersion: "course@1",
          idempotency: key === null ? null : { key, requestHash: hashOf("b") },
          admission: { openExperiments },
        },
        () => firstStep(),
      );

    test("of more open experiments than allowed is refused and leaves nothing, also of many at once", async () => {
      world = await open();
      const { store } = world;
      await store.datasets.put(datasetNamed(alice, "d"));
      const codes = await Promise.all(Array.from({ length: 6 }, () => codeOf(post(store, 2))));
      expect(codes.filter((code) => code === "none")).toHaveLength(2);
      expect(codes.filter((code) => code === "too_many_requests")).toHaveLength(4);
      const { items } = await store.experiments.list(alice, { limit: 10, cursor: null });
      expect(items).toHaveLength(2);
      await setState(store, items[0]?.id as ExperimentId, "CANCELLED");
      expect(await codeOf(post(store, 2))).toBe("none");
    });

    test("a retry with the same Idempotency-Key is no further experiment", async () => {
      world = await open();
      await world.store.datasets.put(datasetNamed(alice, "d"));
      await post(world.store, 1, "once");
      expect((await post(world.store, 1, "once")).created).toBe(false);
    });

    test("without its dataset there is no experiment", async () => {
      world = await open();
      expect(await codeOf(post(world.store, null))).toBe("not_found");
      expect((await world.store.experiments.list(alice, { limit: 10, cursor: null })).items).toEqual([]);
    });
  });

  describe("the numbers for /metrics", () => {
    test("runs by state, epochs a second, and the gap between two attempts of a worker", async () => {
      world = await open();
      const { store } = world;
      expect(await store.work.runCounts()).toEqual({
        QUEUED: 0,
        RUNNING: 0,
        COMPLETED: 0,
        DIVERGED: 0,
        STOPPED: 0,
        FAILED: 0,
        CANCELLED: 0,
      });
      expect(await store.work.pace()).toEqual({ epochsPerSecond: 0, slotGapMs: null });
      const { assignments, runs } = await start(store, [["fit"], ["fit"], ["fit"]]);
      const claim = await take(store, assignments[0]);
      await store.work.appendEpochs(claim, epochsOf(runs[0], 1, 3));
      await complete(store, claim, runs[0]);
      await store.work.endAttempt(claim, "completed", null);
      await world.pass(50);
      await take(store, assignments[1]);
      expect(await store.work.runCounts()).toMatchObject({ QUEUED: 1, RUNNING: 1, COMPLETED: 1 });
      const { epochsPerSecond, slotGapMs } = await store.work.pace();
      expect(epochsPerSecond).toBeCloseTo(3 / 60);
      expect(slotGapMs).toBeGreaterThanOrEqual(49);
      expect(slotGapMs).toBeLessThan(5000);
    });
  });
}
