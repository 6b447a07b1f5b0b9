/** The store's contract for what an attempt writes: epochs, checkpoints, one result a run, and its own end. */
import type { EpochRecord, RunId } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleAnswer } from "../../support/examples.ts";
import {
  claimOf,
  codeOf,
  complete,
  drain,
  epochsOf,
  eventLines,
  longLeaseMs,
  type OpenWorld,
  resultOf,
  setState,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

export function resultsContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  describe("epochs", () => {
    test("are read after one, a limited count at a time, exactly as they were measured", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
      const claim = await take(store, assignments[0]);
      const odd: EpochRecord[] = [
        { runId: runs[0] as RunId, epoch: 1, trainingLoss: 0.1 + 0.2, validationLoss: 5e-324, learningRate: 1e-7 },
        { runId: runs[0] as RunId, epoch: 2, trainingLoss: Number.NaN, validationLoss: Number.POSITIVE_INFINITY, learningRate: -0.5 },
        {
          runId: runs[0] as RunId,
          epoch: 3,
          trainingLoss: 1,
          validationLoss: 2,
          learningRate: 0.1,
          metrics: { r2: -1e-17, accuracy: 0.1 + 0.2 },
          diagnostics: [{ deadFraction: 1 / 3, gradientNorm: 5e-324, updateRatio: 0.1 + 0.2, saturatedFraction: 0 }],
        },
      ];
      await store.work.appendEpochs(claim, [...odd, ...epochsOf(runs[1], 1, 5)]);
      expect(await store.work.epochs(runs[0] as RunId, 0, 10)).toEqual(odd);
      expect((await store.work.epochs(runs[1] as RunId, 2, 2)).map((epoch) => epoch.epoch)).toEqual([3, 4]);
      expect((await snapshotOf(store, id)).runs.map((run) => run.epochs)).toEqual([3, 5]);
      expect(await store.work.appendEpochs(claim, [])).toBeUndefined();
    });

    test("already stored are replaced by a later attempt only", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const first = await take(store, assignments[0]);
      await store.work.appendEpochs(first, epochsOf(runs[0], 1, 6, 1));
      await store.work.appendEpochs(first, epochsOf(runs[0], 1, 6, 2));
      const losses = async () => (await store.work.epochs(runs[0] as RunId, 0, 10)).map((epoch) => epoch.validationLoss);
      expect(await losses(), "a repeated batch").toEqual([1, 1, 1, 1, 1, 1]);
      await store.work.endAttempt(first, "released", null);
      const second = await take(store, assignments[0]);
      await store.work.appendEpochs(second, [...epochsOf(runs[0], 1, 2, 3), ...epochsOf(runs[0], 2, 2, 4)]);
      expect(await losses()).toEqual([3, 3, 1, 1, 1, 1]);
      expect((await snapshotOf(store, id)).runs[0]?.epochs).toBe(6);
    });

    test("that an earlier attempt recorded beyond the run's end go with its result", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const first = await take(store, assignments[0]);
      await store.work.appendEpochs(first, epochsOf(runs[0], 1, 6, 1));
      await store.work.endAttempt(first, "crashed", null);
      const second = await take(store, assignments[0]);
      await store.work.appendEpochs(second, epochsOf(runs[0], 1, 2, 2));
      await complete(store, second, runs[0], resultOf(0.5, { epochs: 3 }));
      expect((await store.work.epochs(runs[0] as RunId, 0, 10)).map((epoch) => epoch.validationLoss)).toEqual([2, 2, 1]);
      expect((await snapshotOf(store, id)).runs[0]?.epochs).toBe(3);
    });

    test("a thousand runs' batches at once are all there", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store, [Array(20).fill("fit")]);
      const claim = await take(store, assignments[0]);
      await Promise.all(
        runs.flatMap((run) => Array.from({ length: 10 }, (_, n) => store.work.appendEpochs(claim, epochsOf(run, n * 10 + 1, n * 10 + 10)))),
      );
      for (const run of runs) expect(await store.work.epochs(run, 0, 1000)).toHaveLength(100);
    });
  });

  test("batches at once that name the same runs in different orders don't stand in each other's way", async () => {
    const { store } = world;
    const { assignments, runs } = await start(store, [["fit", "fit", "fit"]]);
    const claim = await take(store, assignments[0]);
    const codes = await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        const order = n % 2 === 0 ? runs : [...runs].reverse();
        return codeOf(
          store.work.appendEpochs(
            claim,
            order.flatMap((run) => epochsOf(run, n * 5 + 1, n * 5 + 5)),
          ),
        );
      }),
    );
    expect(new Set(codes)).toEqual(new Set(["none"]));
    for (const run of runs) expect(await store.work.epochs(run, 0, 1000)).toHaveLength(300);
  });

  describe("results", () => {
    test("are stored once: the very same commit again is silent, any other second one is refused", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      const before = await snapshotOf(store, id);
      expect(before.runs[0]).toMatchObject({ state: "COMPLETED", result: resultOf(0.5) });
      expect(before.runs[0]?.endedAt).not.toBeNull();
      expect(await codeOf(complete(store, claim, runs[0])), "a lost acknowledgement").toBe("none");
      expect(await store.work.staleWriteCount()).toBe(0);
      expect(await codeOf(complete(store, claim, runs[0], resultOf(0.4)))).toBe("stale_attempt");
      const failed = { state: "FAILED" as const, result: resultOf(0.5) };
      expect(await codeOf(store.work.completeRun(claim, runs[0] as RunId, failed))).toBe("stale_attempt");
      await store.work.endAttempt(claim, "completed", null);
      expect(await codeOf(complete(store, claim, runs[0])), "even after the attempt's end").toBe("none");
      expect((await snapshotOf(store, id)).runs).toEqual(before.runs);
      expect((await eventLines(store, id)).filter((line) => line.endsWith("run.ended"))).toHaveLength(1);
    });

    test("of fifty commits of one result at once one is written", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(complete(store, claim, runs[0]))));
      expect(codes).toEqual(Array(50).fill("none"));
      expect((await eventLines(store, id)).filter((line) => line.endsWith("run.ended"))).toHaveLength(1);
    });

    test("of two different results at once one is written and the other refused", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      const codes = await Promise.all([1, 2, 3, 4].map((loss) => codeOf(complete(store, claim, runs[0], resultOf(loss)))));
      expect(codes.filter((code) => code === "none")).toHaveLength(1);
      expect(codes.filter((code) => code === "stale_attempt")).toHaveLength(3);
      expect((await snapshotOf(store, id)).runs[0]?.result?.validationLoss).toBe(codes.indexOf("none") + 1);
    });

    test("of a diverged run have no score, and numbers that are not finite become null", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      const result = resultOf(null, { trainingLoss: Number.POSITIVE_INFINITY, reason: "the loss is infinite" });
      await store.work.completeRun(claim, runs[0] as RunId, { state: "DIVERGED", result });
      expect((await snapshotOf(store, id)).runs[0]).toMatchObject({
        state: "DIVERGED",
        result: { validationLoss: null, trainingLoss: null, reason: "the loss is infinite" },
      });
      const ended = (await store.experiments.events(id, 0, 100)).at(-1);
      expect(ended).toMatchObject({
        kind: "run.ended",
        data: { runId: runs[0], trial: 1, state: "DIVERGED", reason: "the loss is infinite" },
      });
      expect(await codeOf(store.work.completeRun(claim, runs[0] as RunId, { state: "DIVERGED", result })), "again").toBe("none");
    });

    test("of a finalise run bring the answer with them", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["finalise"]]);
      const claim = await take(store, assignments[0]);
      const answer = exampleAnswer({ validation: { loss: 0.1 + 0.2, metrics: {} } });
      await store.work.completeRun(claim, runs[0] as RunId, { state: "COMPLETED", result: resultOf(0.5), answer });
      expect((await snapshotOf(store, id)).experiment.answer).toEqual(answer);
    });

    test("come for a cancelled run too late: refused", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      await setState(store, id, "CANCELLED");
      expect(await codeOf(complete(store, claim, runs[0]))).toBe("stale_attempt");
      expect((await snapshotOf(store, id)).runs[0]).toMatchObject({ state: "CANCELLED", result: null });
    });
  });

  describe("the end of an attempt", () => {
    test.each(["crashed", "released", "lease_lost"] as const)(
      "%s: the runs wait again and the assignment is dispatched anew",
      async (end) => {
        const { store } = world;
        const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
        await drain(store);
        const claim = await take(store, assignments[0]);
        await complete(store, claim, runs[0]);
        await store.work.endAttempt(claim, end, "why");
        expect((await snapshotOf(store, id)).runs.map((run) => run.state)).toEqual(["COMPLETED", "QUEUED"]);
        expect(await store.work.attempts(id)).toMatchObject([{ end, detail: "why" }]);
        expect(await drain(store)).toEqual([{ assignmentId: assignments[0], dispatch: 1 }]);
        expect((await store.experiments.events(id, 0, 100)).at(-1)).toMatchObject({
          kind: "run.requeued",
          data: { runId: runs[1], attempt: 1, end, detail: "why" },
        });
        expect(await codeOf(store.work.endAttempt(claim, end, "why")), "said twice").toBe("none");
        expect(await codeOf(store.work.endAttempt(claim, "completed", null)), "and then otherwise").toBe("stale_attempt");
      },
    );

    test("crashed after the last result: nothing is left, so nothing is trained again", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      await drain(store);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      await store.work.endAttempt(claim, "crashed", "at the very end");
      expect(await drain(store)).toEqual([]);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "completed" });
      expect((await snapshotOf(store, id)).runs[0]?.state).toBe("COMPLETED");
    });

    test("failed: what is left fails with the reason", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      await store.work.endAttempt(claim, "failed", "the plan's artifact is gone");
      const { runs: after } = await snapshotOf(store, id);
      expect(after.map((run) => run.state)).toEqual(["COMPLETED", "FAILED"]);
      expect(after[1]?.result?.reason).toBe("the plan's artifact is gone");
    });

    test("cancelled: what is left is cancelled and not dispatched", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      await drain(store);
      await store.work.endAttempt(await take(store, assignments[0]), "cancelled", null);
      expect((await snapshotOf(store, id)).runs.map((run) => run.state)).toEqual(["CANCELLED"]);
      expect(await drain(store)).toEqual([]);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "cancelled" });
    });

    test("completed with runs left is a mistake of the caller, and changes nothing", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      const claim = await take(store, assignments[0]);
      expect(await codeOf(store.work.endAttempt(claim, "completed", null))).toBe("conflict");
      expect(await store.work.attempts(id)).toMatchObject([{ end: null }]);
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("continue");
    });
  });
}
