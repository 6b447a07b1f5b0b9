/** The store's contract for curves that are thinned out: what a chart keeps of a long run, the same from both stores. */
import type { EpochRecord, LayerDiagnostics, RunId } from "@rightsize/core";
import { thinOut } from "@rightsize/store";
import { afterEach, describe, expect, test } from "vitest";
import { epochsOf, type OpenWorld, start, take, type World } from "./world.ts";

const layers: readonly LayerDiagnostics[] = [{ deadFraction: 0.5, gradientNorm: 1, updateRatio: 0.01, saturatedFraction: 0 }];

export function curveContract(open: OpenWorld): void {
  describe("a curve", () => {
    let world: World;
    afterEach(() => world.close());

    /** A run of so many epochs, the best of them at 778, some of them with what `more` says. */
    async function runOf(count: number, more: (epoch: number) => Partial<EpochRecord> = () => ({})) {
      world = await open();
      const { store } = world;
      const { assignments, runs } = await start(store);
      const run = runs[0] as RunId;
      const claim = await take(store, assignments[0]);
      const epochs = epochsOf(run, 1, count).map((record) => ({
        ...record,
        ...(record.epoch === 778 ? { validationLoss: 0.5 } : {}),
        ...more(record.epoch),
      }));
      await store.work.appendEpochs(claim, epochs);
      const curve = async (points: number) => (await store.work.curve(run, points)).map(({ epoch }) => epoch);
      const expected = (points: number) => thinOut(epochs, points).map(({ epoch }) => epoch);
      return { store, run, epochs, curve, expected };
    }

    test("is thinned out but keeps its first, best and last epochs; a short one is whole", async () => {
      const { store, run, epochs, curve, expected } = await runOf(1000);
      const kept = await curve(50);
      expect(kept.length).toBeLessThanOrEqual(50);
      expect(kept.length).toBeGreaterThan(45);
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
      expect(kept).toEqual(expect.arrayContaining([1, 778, 1000]));
      for (const points of [3, 4, 7, 50, 333, 999, 1000, 20_000]) expect(await curve(points), `${points} points`).toEqual(expected(points));
      expect(await store.work.curve(run, 1000)).toEqual(epochs);
    });

    test("keeps the epochs that have diagnostics where they leave half of the points to the curve", async () => {
      const { curve, expected } = await runOf(1000, (epoch) => ([2, 3, 5, 13, 801].includes(epoch) ? { diagnostics: layers } : {}));
      const kept = await curve(12);
      expect(kept.length).toBeLessThanOrEqual(12);
      expect(kept).toEqual(expect.arrayContaining([1, 2, 3, 5, 13, 778, 801, 1000]));
      for (const points of [3, 4, 11, 12, 13, 100]) expect(await curve(points), `${points} points`).toEqual(expected(points));
    });

    test("of a run that diverged keeps its best epoch, though losses are no numbers; of none there is nothing", async () => {
      const { store, curve, expected } = await runOf(900, (epoch) =>
        epoch === 1 || epoch > 800 ? { validationLoss: epoch % 2 === 0 ? Number.NaN : Number.POSITIVE_INFINITY } : {},
      );
      expect(await curve(10)).toContain(778);
      expect(await curve(10)).toEqual(expected(10));
      expect(await store.work.curve("run_none" as RunId, 10)).toEqual([]);
    });
  });
}
