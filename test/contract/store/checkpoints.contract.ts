/** The store's contract for checkpoints: a run points to its last two, and what nothing needs any more is given to be deleted. */
import type { RunId, Store } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashOf } from "../../support/examples.ts";
import { complete, type OpenWorld, resultOf, setState, start, take, type World } from "./world.ts";

export function checkpointsContract(open: OpenWorld): void {
  describe("checkpoints", () => {
    let world: World;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());

    /** A run with a claim, and ways to write its checkpoints and to look at them. */
    async function running() {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
      const [run, other] = runs as [RunId, RunId];
      let claim = await take(store, assignments[0]);
      const record = (digit: string, epoch: number, of = run) =>
        store.work.recordCheckpoint(claim, { runId: of, artifact: hashOf(digit), epoch });
      const again = async () => {
        await store.work.endAttempt(claim, "released", null);
        claim = await take(store, assignments[0]);
        return claim.checkpoints.map(({ runId, artifact, epoch }) => `${artifact[0]} ${epoch}${runId === run ? "" : " of the other"}`);
      };
      return { store, id, run, other, claim: () => claim, record, again };
    }
    /** First digits of what a sweep gives, in order. */
    async function swept(store: Store): Promise<string> {
      const given: string[] = [];
      await store.work.sweepCheckpoints(100, async (artifacts) => void given.push(...artifacts));
      return given
        .map(([digit]) => digit)
        .sort()
        .join("");
    }

    test("the last two are kept, the newest first: a later place of an attempt, or a later attempt's", async () => {
      const { record, again } = await running();
      await record("1", 5);
      expect(await again()).toEqual(["1 5"]);
      await record("2", 10);
      await record("3", 7);
      expect(await again(), "an older one is not taken").toEqual(["2 10", "1 5"]);
      await record("4", 2);
      expect(await again(), "a later attempt had to start again").toEqual(["4 2", "2 10"]);
      await record("5", 2);
      await record("6", 2);
      expect(await again(), "several within one long epoch").toEqual(["6 2", "5 2"]);
    });

    test("the same one said again, after a lost acknowledgement, changes nothing", async () => {
      const { store, record, again } = await running();
      await record("1", 5);
      await record("2", 6);
      await record("2", 6);
      expect(await again()).toEqual(["2 6", "1 5"]);
      expect(await swept(store)).toBe("");
    });

    test("those before the last two are swept, once, and so are those that came too late", async () => {
      const { store, record, again } = await running();
      for (const [place, digit] of ["1", "2", "3", "4"].entries()) await record(digit, place + 1);
      await record("5", 2);
      expect(await swept(store)).toBe("125");
      expect(await swept(store)).toBe("");
      expect(await again()).toEqual(["4 4", "3 3"]);
    });

    test.each(["COMPLETED", "DIVERGED", "FAILED"] as const)("a run that is %s needs none; the other run's stay", async (state) => {
      const { store, run, other, claim, record, again } = await running();
      await record("1", 1);
      await record("2", 2);
      await record("3", 1, other);
      await store.work.completeRun(claim(), run, { state, result: resultOf(state === "COMPLETED" ? 0.5 : null) });
      await record("4", 3);
      expect(await swept(store)).toBe("124");
      expect(await again()).toEqual(["3 1 of the other"]);
    });

    test("an experiment that is cancelled needs none, and neither does an assignment that was given up", async () => {
      const cancelled = await running();
      await cancelled.record("1", 1);
      await setState(cancelled.store, cancelled.id, "CANCELLED");
      const failed = await running();
      await failed.record("2", 1);
      await failed.again();
      await failed.store.work.endAttempt(failed.claim(), "failed", "no engine");
      expect(await swept(failed.store)).toBe("12");
    });

    test("one that another run points to as well is kept, until that one needs it no more", async () => {
      const { store, run, other, claim, record } = await running();
      await record("1", 1);
      await record("1", 1, other);
      await complete(store, claim(), run);
      expect(await swept(store)).toBe("");
      await complete(store, claim(), other);
      expect(await swept(store)).toBe("1");
    });

    test("bytes that could not be deleted are given again; two sweeps at once give none twice", async () => {
      const { store, run, claim, record } = await running();
      await record("1", 1);
      await complete(store, claim(), run);
      await expect(store.work.sweepCheckpoints(100, () => Promise.reject(new Error("the disk is gone")))).rejects.toThrow(
        "the disk is gone",
      );
      expect((await Promise.all([swept(store), swept(store)])).join("")).toBe("1");
    });
  });
}
