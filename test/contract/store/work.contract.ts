/** The store's contract for claims: one winner, and every write of a worker fenced by its attempt number. */
import type { AssignmentId, Claim, RunId } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashOf } from "../../support/examples.ts";
import {
  assignmentOf,
  claimOf,
  codeOf,
  complete,
  decisionOf,
  epochsOf,
  eventLines,
  longLeaseMs,
  nothing,
  type OpenWorld,
  resultOf,
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
}
