/** The store's contract for limits on time: which experiments may have passed theirs, at which moment, and runs that end where they are. */
import {
  type AssignmentId,
  type ExperimentLimits,
  type Moment,
  type RunId,
  type RunResult,
  randomIds,
  type StoppedRun,
} from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  claimOf,
  codeOf,
  complete,
  drain,
  epochsOf,
  longLeaseMs,
  nothing,
  type OpenWorld,
  resultOf,
  setState,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

const stoppedResult: RunResult = resultOf(null, { trainingLoss: null, metrics: null, epochs: 2, weightsArtifact: null, reason: "a limit" });
const stopOf = (runs: readonly (RunId | undefined)[]): readonly StoppedRun[] =>
  runs.map((runId) => ({ runId: runId as RunId, result: stoppedResult }));
const limited = (limits: Pick<ExperimentLimits, "cpuSeconds" | "wallSeconds">) => ({
  limits: { maxTrials: null, maxParameterCount: null, ...limits },
});

export function timeLimitsContract(open: OpenWorld): void {
  describe("limits on time", () => {
    let world: World;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());
    const started = (limits: Parameters<typeof limited>[0], purposes?: Parameters<typeof start>[1]) =>
      start(world.store, purposes, undefined, limited(limits));

    test.each(["wallSeconds", "cpuSeconds"] as const)(
      "an experiment may have passed its %s only once it has, from its first claim on",
      async (kind) => {
        const { store } = world;
        const { id, assignments } = await started({ [kind]: 1.5 });
        await world.pass(1600);
        expect(await store.experiments.pastTimeLimit(10)).toEqual([]);
        await take(store, assignments[0]);
        expect(await store.experiments.pastTimeLimit(10)).toEqual([]);
        await world.pass(1600);
        expect(await store.experiments.pastTimeLimit(10)).toEqual([id]);
        expect(await store.experiments.pastTimeLimit(0)).toEqual([]);
      },
    );

    test("attempts under way at once add up to CPU time; those that ended count as long as they were", async () => {
      const { store } = world;
      const { id, assignments } = await started({ cpuSeconds: 2.4 }, [["fit"], ["fit"], ["fit"]]);
      const claims = [await take(store, assignments[0]), await take(store, assignments[1])];
      await world.pass(800);
      for (const claim of claims) await store.work.endAttempt(claim, "failed", null);
      expect(await store.experiments.pastTimeLimit(10)).toEqual([]);
      await world.pass(1000);
      expect(await store.experiments.pastTimeLimit(10), "nothing was under way").toEqual([]);
      await take(store, assignments[2]);
      await world.pass(900);
      expect(await store.experiments.pastTimeLimit(10)).toEqual([id]);
    });

    test("one that waits for nothing, or only for its answer, is not among them; nor is a paused one", async () => {
      const { store } = world;
      const [done, answering, paused] = [
        await started({ wallSeconds: 0.1 }),
        await started({ wallSeconds: 0.1 }, [["finalise"]]),
        await started({ wallSeconds: 0.1 }),
      ];
      const claim = await take(store, done.assignments[0]);
      await complete(store, claim, done.runs[0]);
      await take(store, answering.assignments[0]);
      await take(store, paused.assignments[0]);
      await setState(store, paused.id, "PAUSED");
      await world.pass(150);
      expect(await store.experiments.pastTimeLimit(10)).toEqual([]);
      await setState(store, paused.id, "RUNNING");
      expect(await store.experiments.pastTimeLimit(10)).toEqual([paused.id]);
    });

    test("a moment is the clock's, with the attempts under way and their beginnings", async () => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit"], ["fit"], ["fit"]]);
      const first = await take(store, assignments[0]);
      await store.work.endAttempt(first, "released", null);
      await take(store, assignments[1]);
      await world.pass(20);
      await take(store, assignments[0]);
      await world.pass(20);
      const moments: Moment[] = [];
      const before = await store.clock();
      const wrote = await store.experiments.advanceAtMoment(id, (snapshot, moment) => {
        expect(snapshot.runs).toHaveLength(3);
        moments.push(moment);
        return null;
      });
      expect(wrote).toBe(false);
      const [moment] = moments;
      const attempts = (await store.work.attempts(id)).filter(({ end }) => end === null);
      const places = (list: Moment["attempts"]) => list.map(({ assignmentId, startedAt }) => [assignmentId, startedAt]).sort();
      expect(places(moment?.attempts ?? [])).toEqual(places(attempts));
      expect(attempts).toHaveLength(2);
      expect(Date.parse(moment?.now ?? "")).toBeGreaterThanOrEqual(Math.floor(before) - 1);
      expect(await store.experiments.advanceAtMoment(randomIds("experiment"), () => nothing)).toBe(false);
    });

    test("stopped runs end with what is known of them, whether they ran or waited, and their assignments are over", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"], ["fit"]]);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      await store.work.appendEpochs(claim, epochsOf(runs[1], 1, 2));
      const other = (await snapshotOf(store, id)).runs.find(({ assignmentId }) => assignmentId === assignments[1])?.id;
      expect(await store.experiments.advance(id, () => ({ ...nothing, stop: stopOf([runs[1], other]) }))).toBe(true);
      const after = await snapshotOf(store, id);
      expect(after.runs.map(({ state }) => state).sort()).toEqual(["COMPLETED", "STOPPED", "STOPPED"]);
      expect(after.runs.find((run) => run.id === runs[1])).toMatchObject({ result: stoppedResult, endedAt: expect.any(String) });
      expect((await store.work.attempts(id)).map(({ end }) => end)).toEqual(["cancelled"]);
      const ends = (await store.experiments.events(id, 0, 100)).filter(({ kind }) => kind === "run.ended").map(({ data }) => data);
      expect(ends.slice(-2)).toMatchObject([
        { runId: runs[1], state: "STOPPED", epochs: 2, reason: "a limit" },
        { runId: other, state: "STOPPED" },
      ]);
      expect(await claimOf(store, assignments[1])).toEqual({ refused: "cancelled" });
      expect(await store.work.runCounts()).toMatchObject({ STOPPED: 2, COMPLETED: 1 });
    });

    test("the worker of a stopped run is told with its next heartbeat; what it still writes is refused, its end is settled", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      await store.experiments.advance(id, () => ({ ...nothing, stop: stopOf(runs) }));
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("cancel");
      expect(await codeOf(store.work.appendEpochs(claim, epochsOf(runs[0], 1, 2)))).toBe("stale_attempt");
      expect(await codeOf(complete(store, claim, runs[0]))).toBe("stale_attempt");
      expect(await codeOf(store.work.endAttempt(claim, "cancelled", null))).toBe("none");
      expect((await snapshotOf(store, id)).runs[0]).toMatchObject({ state: "STOPPED", result: stoppedResult });
    });

    test("a run's checkpoints go with it, and what nobody asked for in its assignment is cancelled, not stopped", async () => {
      const { store } = world;
      const { id, assignments, runs, trialId } = await start(store);
      const claim = await take(store, assignments[0]);
      await store.work.recordCheckpoint(claim, { runId: runs[0] as RunId, artifact: "9".repeat(64) as never, epoch: 1 });
      const [asked, unasked] = [randomIds("run"), randomIds("run")];
      const speculative = randomIds("assignment");
      const of = (runId: RunId, digit: string) => ({
        ...{ id: runId, trialId, contentHash: digit.repeat(64) as never, purpose: "fit" as const, seed: 5, fold: 0, learningRate: 0.1 },
      });
      const speculate = [{ id: speculative as AssignmentId, trialId, priority: 1000, runs: [of(asked, "1"), of(unasked, "2")] }];
      await store.experiments.advance(id, () => ({ ...nothing, speculate }));
      await take(store, speculative);
      const adopt = [{ runId: asked, decision: 1, position: 1, purpose: "fit" as const, priority: 10 }];
      await store.experiments.advance(id, () => ({ ...nothing, adopt }));
      await drain(store);
      await store.experiments.advance(id, () => ({ ...nothing, stop: stopOf([runs[0], asked]) }));
      const { runs: all, speculative: rest } = await snapshotOf(store, id);
      expect(all.map(({ state }) => state)).toEqual(["STOPPED", "STOPPED"]);
      expect(rest.runs.map(({ id: runId, state }) => [runId, state])).toEqual([[unasked, "CANCELLED"]]);
      const swept: unknown[] = [];
      await store.work.sweepCheckpoints(10, async (artifacts) => void swept.push(...artifacts));
      expect(swept).toEqual(["9".repeat(64)]);
    });

    test("a run that has ended, one that nobody asked for and another experiment's can't be stopped, and nothing is written", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
      const other = await start(store);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      for (const wrong of [runs[0], other.runs[0], randomIds("run")]) {
        const stop = stopOf([runs[1], wrong]);
        expect(await codeOf(store.experiments.advance(id, () => ({ ...nothing, stop })))).toBe("conflict");
      }
      expect((await snapshotOf(store, id)).runs.map(({ state }) => state)).toEqual(["COMPLETED", "RUNNING"]);
    });
  });
}
