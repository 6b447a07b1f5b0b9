/** The sweep of checkpoints: bytes that no run needs are deleted, again where that failed, and all of them where there are many. */
import type { ArtifactStore, Sha256, Store } from "@rightsize/core";
import { createMemoryStore } from "@rightsize/store";
import { expect, test } from "vitest";
import { hashOf } from "../../../test/support/examples.ts";
import { startSweeper, sweepCheckpoints, sweepLeft } from "../src/loops.ts";

/** A folder of bytes that can refuse. */
function someArtifacts(there: readonly Sha256[]) {
  const held = new Set<Sha256>(there);
  const disk = { broken: false };
  const artifacts: Pick<ArtifactStore, "delete"> = {
    async delete(id) {
      if (disk.broken) throw new Error("the disk is gone");
      held.delete(id);
    },
  };
  return { held, disk, artifacts };
}

/** A store whose sweep gives these, 200 at once, as long as it was not done. */
function storeWith(unneeded: readonly Sha256[]): Store {
  let left = [...unneeded];
  const sweep: Store["work"]["sweepCheckpoints"] = async (limit, remove) => {
    const given = left.slice(0, limit);
    await remove(given);
    left = left.slice(limit);
    return given.length;
  };
  const store = createMemoryStore();
  return { ...store, work: { ...store.work, sweepCheckpoints: sweep } };
}

test("deletes their bytes; where that fails they stay and are tried again", async () => {
  const { held, disk, artifacts } = someArtifacts([hashOf("1"), hashOf("2")]);
  const deps = { store: storeWith([hashOf("1")]), artifacts };
  disk.broken = true;
  await expect(sweepCheckpoints(deps)).rejects.toThrow("the disk is gone");
  disk.broken = false;
  expect(await sweepCheckpoints(deps)).toBe(1);
  expect([...held]).toEqual([hashOf("2")]);
  expect(await sweepCheckpoints(deps)).toBe(0);
});

test("its loop goes on until nothing is left, however many there are", async () => {
  const many = Array.from({ length: 450 }, (_, place) => place.toString(16).padStart(64, "0") as Sha256);
  const { held, artifacts } = someArtifacts(many);
  const sweeper = startSweeper({ store: storeWith(many), artifacts, alone: (work) => work(), onError: () => {} });
  await expect.poll(() => held.size).toBe(0);
  await sweeper.stop();
});

test("what deleted experiments left is deleted alone, batch by batch, and nobody is kept out where nothing is left", async () => {
  const many = Array.from({ length: 450 }, (_, place) => place.toString(16).padStart(64, "0") as Sha256);
  const { held, artifacts } = someArtifacts(many);
  let left = [...many];
  const store = createMemoryStore();
  const experiments: Store["experiments"] = {
    ...store.experiments,
    anyLeft: async () => left.length > 0,
    async sweepLeft(limit, remove) {
      const given = left.slice(0, limit);
      await remove(given);
      left = left.slice(limit);
      return given.length;
    },
  };
  let turns = 0;
  const alone = <Result>(work: () => Promise<Result>) => {
    turns += 1;
    return work();
  };
  const deps = { store: { ...store, experiments }, artifacts, alone };
  await sweepLeft(deps);
  expect([held.size, turns]).toEqual([0, 3]);
  await sweepLeft(deps);
  expect(turns).toBe(3);
});
