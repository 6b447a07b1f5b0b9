/** The store's contract for claims and attempts: one winner, fenced writes, results once, nothing trained twice for nothing. */
import { type AssignmentId, type Claim, type EpochRecord, isTerminal, type RunId } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleSpec, hashOf } from "../../support/examples.ts";
import {
  assignmentOf,
  claimOf,
  codeOf,
  complete,
  decisionOf,
  drain,
  epochsOf,
  eventLines,
  longLeaseMs,
  nothing,
  type OpenWorld,
  resultOf,
  setState,
  shortLeaseMs,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

export function workContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  describe("a claim", () => {
    test("of a hundred callers at once one gets the assignment", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => claimOf(store, assignments[0], { by: `w${n}` })));
      const won = answers.filter((answer) => "attempt" in answer);
      expect(won).toHaveLength(1);
      expect(answers.filter((answer) => "refused" in answer && answer.refused === "leased")).toHaveLength(99);
      expect(await store.work.attempts(id)).toHaveLength(1);
    });

    test("a hundred callers for ten assignments: each is got once", async () => {
      const { store } = world;
      const { id, assignments } = await start(
        store,
        Array.from({ length: 10 }, () => ["fit"] as const),
      );
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => claimOf(store, assignments[n % 10], { by: `w${n}` })));
      const won = answers.flatMap((answer) => ("attempt" in answer ? [answer.assignmentId] : []));
      expect(won.sort()).toEqual([...assignments].sort());
      const events = await store.experiments.events(id, 0, 100);
      expect(events.map((event) => event.sequence)).toEqual(events.map((_, place) => place + 1));
      expect(events.filter((event) => event.kind === "run.started")).toHaveLength(10);
      expect(events.filter((event) => event.kind === "experiment.state")).toHaveLength(1);
    });

    test("starts the runs, the trial and the experiment, and pins the engine", async () => {
      const { store } = world;
      const { id, trialId, assignments, runs } = await start(store, [["fit", "fit"]]);
      const claim = await take(store, assignments[0], { with: { onnx: "onnx-1", scripted: "scripted-7" } });
      expect(claim).toMatchObject({ assignmentId: assignments[0], attempt: 1, priority: 10, donors: [], checkpoints: [] });
      expect(claim.experiment).toMatchObject({ id, state: "RUNNING", engineFingerprint: "scripted-7" });
      expect(claim.experiment.startedAt).not.toBeNull();
      expect(claim.trial).toMatchObject({ id: trialId, state: "RUNNING" });
      expect(claim.runs.map((run) => [run.id, run.state])).toEqual(runs.map((run) => [run, "RUNNING"]));
      expect(await eventLines(store, id)).toEqual([
        "1 experiment.created",
        "2 decision.made",
        "3 experiment.state",
        "4 run.started",
        "5 run.started",
      ]);
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.runs).toEqual(claim.runs);
      expect(snapshot.trials).toEqual([claim.trial]);
      expect(await store.work.attempts(id)).toMatchObject([{ number: 1, workerId: "wrk_one", end: null, endedAt: null }]);
    });

    test("is refused to another engine, before and after the fingerprint is pinned", async () => {
      const { store } = world;
      const { assignments } = await start(store, [["fit"], ["fit"]]);
      expect(await claimOf(store, assignments[0], { with: { onnx: "onnx-1" } })).toEqual({ refused: "other_engine" });
      expect(await claimOf(store, assignments[0], { with: {} })).toEqual({ refused: "other_engine" });
      await take(store, assignments[0], { with: { scripted: "a" } });
      expect(await claimOf(store, assignments[1], { with: { scripted: "b" } })).toEqual({ refused: "other_engine" });
      expect(await claimOf(store, assignments[1], { with: { scripted: "a" } })).toMatchObject({ attempt: 1 });
    });

    test("two engines claiming a fresh experiment at once: one pins it, the other is refused", async () => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit"], ["fit"]]);
      const answers = await Promise.all([
        claimOf(store, assignments[0], { with: { scripted: "a" } }),
        claimOf(store, assignments[1], { with: { scripted: "b" } }),
      ]);
      expect(answers.filter((answer) => "refused" in answer && answer.refused === "other_engine")).toHaveLength(1);
      const winner = answers.findIndex((answer) => "attempt" in answer);
      expect((await snapshotOf(store, id)).experiment.engineFingerprint).toBe(["a", "b"][winner]);
    });

    test("of something unknown, held, completed or failed is refused", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store, [["fit"], ["fit"]]);
      expect(await claimOf(store, "asg_unknown" as AssignmentId)).toEqual({ refused: "unknown" });
      const claim = await take(store, assignments[0]);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "leased" });
      await complete(store, claim, runs[0]);
      expect(await claimOf(store, assignments[0]), "all runs have results").toEqual({ refused: "completed" });
      await store.work.endAttempt(claim, "completed", null);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "completed" });
      await store.work.endAttempt(await take(store, assignments[1]), "failed", "it can't be done");
      expect(await claimOf(store, assignments[1])).toEqual({ refused: "completed" });
    });

    test("after a release gives only what is left to do, with the next attempt number", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store, [["fit", "fit", "fit"]]);
      const first = await take(store, assignments[0]);
      await complete(store, first, runs[0]);
      await store.work.recordCheckpoint(first, { runId: runs[1] as RunId, artifact: hashOf("b"), epoch: 4 });
      await store.work.endAttempt(first, "released", null);
      const second = await take(store, assignments[0], { by: "two" });
      expect(second.attempt).toBe(2);
      expect(second.runs.map((run) => run.id)).toEqual(runs.slice(1));
      expect(second.checkpoints).toEqual([{ runId: runs[1], artifact: hashOf("b"), epoch: 4 }]);
    });

    test("takes over when the lease is over, without waiting for the reconciler", async () => {
      const { store } = world;
      const { id, assignments } = await start(store);
      const first = await take(store, assignments[0]);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "leased" });
      await store.work.heartbeat(first, shortLeaseMs);
      await world.pass(shortLeaseMs * 2);
      expect(await claimOf(store, assignments[0], { by: "two" })).toMatchObject({ attempt: 2 });
      expect((await store.work.attempts(id)).map((attempt) => [attempt.number, attempt.workerId, attempt.end])).toEqual([
        [1, "wrk_one", "lease_lost"],
        [2, "wrk_two", null],
      ]);
    });

    test("of a hundred callers for a lost lease one takes over", async () => {
      const { store } = world;
      const { assignments } = await start(store);
      await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => claimOf(store, assignments[0], { by: `w${n}` })));
      expect(answers.filter((answer) => "attempt" in answer)).toMatchObject([{ attempt: 2 }]);
    });

    test("of runs that were added to a completed trial reopens it; of `finalise` doesn't", async () => {
      const { store } = world;
      const { id, trialId, assignments, runs } = await start(store, [["fit", "fit", "probe", "fit", "fit"]]);
      const claim = await take(store, assignments[0]);
      for (const [place, loss] of [0.5, 0.3, 0.1, 0.3].entries()) await complete(store, claim, runs[place], resultOf(loss));
      await store.work.completeRun(claim, runs[4] as RunId, { state: "DIVERGED", result: resultOf(null, { weightsArtifact: null }) });
      await store.work.endAttempt(claim, "completed", null);

      const finals = assignmentOf(trialId, 2, ["finals"]);
      await store.experiments.advance(id, () => ({
        ...nothing,
        decision: decisionOf(2),
        trialChanges: [{ id: trialId, state: "COMPLETED", score: 0.4 }],
        assignments: [finals],
      }));
      const again = await take(store, finals.id);
      expect(again.trial.state).toBe("RUNNING");
      await complete(store, again, finals.runs[0]?.id, resultOf(0.2));
      await store.work.endAttempt(again, "completed", null);

      const finalise = assignmentOf(trialId, 3, ["finalise"]);
      await store.experiments.advance(id, () => ({
        ...nothing,
        decision: decisionOf(3),
        trialChanges: [{ id: trialId, state: "COMPLETED", winner: true }],
        assignments: [finalise],
      }));
      const last = await take(store, finalise.id);
      expect(last.trial.state).toBe("COMPLETED");
    });
  });

  describe("fencing", () => {
    /** Every write that a worker can make. */
    const writes = (claim: Claim, runId: RunId | undefined): [string, () => Promise<unknown>][] => [
      ["heartbeat", () => world.store.work.heartbeat(claim, longLeaseMs)],
      ["appendEpochs", () => world.store.work.appendEpochs(claim, epochsOf(runId, 1, 3))],
      ["recordCheckpoint", () => world.store.work.recordCheckpoint(claim, { runId: runId as RunId, artifact: hashOf("b"), epoch: 3 })],
      ["completeRun", () => complete(world.store, claim, runId)],
      ["endAttempt", () => world.store.work.endAttempt(claim, "crashed", null)],
    ];

    test("after a takeover every write of the old attempt is refused, changes nothing and is counted", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const zombie = await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      const heir = await take(store, assignments[0], { by: "two" });
      const before = await snapshotOf(store, id);
      expect(await store.work.staleWriteCount()).toBe(0);
      for (const [name, write] of writes(zombie, runs[0])) expect(await codeOf(write()), name).toBe("stale_attempt");
      expect(await store.work.staleWriteCount()).toBe(5);
      expect(await snapshotOf(store, id)).toEqual(before);
      expect(await store.work.epochs(runs[0] as RunId, 0, 10)).toEqual([]);
      expect(await store.work.attempts(id)).toMatchObject([{ end: "lease_lost" }, { end: null }]);
      for (const [name, write] of writes(heir, runs[0]).slice(0, 4)) expect(await codeOf(write()), name).toBe("none");
    });

    test("once the reconciler has ended an attempt its writes are refused, before anybody else has claimed", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store);
      const zombie = await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      await store.work.reconcile({ crashLimit: 3, redispatchMs: longLeaseMs });
      for (const [name, write] of writes(zombie, runs[0])) expect(await codeOf(write()), name).toBe("stale_attempt");
    });

    test("a lease that is over but that nobody took is still good: unreachable is not lost", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store);
      const claim = await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("continue");
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "leased" });
      expect(await codeOf(complete(store, claim, runs[0]))).toBe("none");
    });

    test("a heartbeat holds the lease for as long as it says", async () => {
      const { store } = world;
      const { assignments } = await start(store);
      const claim = await take(store, assignments[0], { leaseMs: shortLeaseMs });
      await store.work.heartbeat(claim, longLeaseMs);
      await world.pass(shortLeaseMs * 2);
      expect(await claimOf(store, assignments[0])).toEqual({ refused: "leased" });
    });

    test("racing a takeover, a batch of epochs is either the old attempt's before it or refused", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const zombie = await take(store, assignments[0], { leaseMs: 1 });
      await world.pass(20);
      const answers = await Promise.all([
        ...Array.from({ length: 20 }, (_, n) => codeOf(store.work.appendEpochs(zombie, epochsOf(runs[0], n + 1, n + 1)))),
        codeOf(take(store, assignments[0], { by: "two" })),
      ]);
      expect(answers.at(-1)).toBe("none");
      const accepted = answers.slice(0, -1).filter((code) => code === "none").length;
      expect(await store.work.epochs(runs[0] as RunId, 0, 100)).toHaveLength(accepted);
      expect(await store.work.staleWriteCount()).toBe(20 - accepted);
      expect((await snapshotOf(store, id)).runs[0]?.state).toBe("RUNNING");
    });

    test("runs of another assignment are not this attempt's to write", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store);
      const { runs: others } = await start(store);
      const claim = await take(store, assignments[0]);
      expect(await codeOf(store.work.appendEpochs(claim, [...epochsOf(runs[0], 1, 1), ...epochsOf(others[0], 1, 1)]))).toBe("not_found");
      expect(await store.work.epochs(runs[0] as RunId, 0, 10)).toEqual([]);
      expect(await codeOf(store.work.recordCheckpoint(claim, { runId: others[0] as RunId, artifact: hashOf("b"), epoch: 1 }))).toBe(
        "not_found",
      );
      expect(await codeOf(complete(store, claim, others[0]))).toBe("stale_attempt");
    });
  });

  describe("epochs", () => {
    test("are read after one, a limited count at a time, exactly as they were measured", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store, [["fit", "fit"]]);
      const claim = await take(store, assignments[0]);
      const odd: EpochRecord[] = [
        { runId: runs[0] as RunId, epoch: 1, trainingLoss: 0.1 + 0.2, validationLoss: 5e-324, learningRate: 1e-7 },
        { runId: runs[0] as RunId, epoch: 2, trainingLoss: Number.NaN, validationLoss: Number.POSITIVE_INFINITY, learningRate: -0.5 },
      ];
      await store.work.appendEpochs(claim, [...odd, ...epochsOf(runs[1], 1, 5)]);
      expect(await store.work.epochs(runs[0] as RunId, 0, 10)).toEqual(odd);
      expect((await store.work.epochs(runs[1] as RunId, 2, 2)).map((epoch) => epoch.epoch)).toEqual([3, 4]);
      expect((await snapshotOf(store, id)).runs.map((run) => run.epochs)).toEqual([2, 5]);
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

  describe("checkpoints", () => {
    test("point to the newest: a later epoch, or a later attempt", async () => {
      const { store } = world;
      const { assignments, runs } = await start(store);
      const first = await take(store, assignments[0]);
      const record = (claim: Claim, digit: string, epoch: number) =>
        store.work.recordCheckpoint(claim, { runId: runs[0] as RunId, artifact: hashOf(digit), epoch });
      await record(first, "1", 5);
      await record(first, "2", 10);
      await record(first, "3", 7);
      await store.work.endAttempt(first, "released", null);
      const second = await take(store, assignments[0]);
      expect(second.checkpoints).toEqual([{ runId: runs[0], artifact: hashOf("2"), epoch: 10 }]);
      await record(second, "4", 2);
      await store.work.endAttempt(second, "released", null);
      expect((await take(store, assignments[0])).checkpoints).toEqual([{ runId: runs[0], artifact: hashOf("4"), epoch: 2 }]);
    });
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
      const answer = {
        trial: 1,
        capacity: { hiddenLayers: 1, nodesPerLayer: 100 },
        validation: { loss: 0.1 + 0.2, metrics: {} },
        test: null,
        delivered: { kind: "single" as const, members: [] },
        single: null,
        baselines: [],
        beatsMean: true,
        modelArtifact: null,
        sentence: "One hidden layer of 100 nodes.",
      };
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
