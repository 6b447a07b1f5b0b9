/** The store's contract for speculative work: it stands apart, is never dispatched, and is adopted once by the decision that asks for it. */
import {
  type AdvancePlan,
  type AssignmentId,
  type NewSpeculation,
  type NewTrial,
  type RunId,
  randomIds,
  type Store,
  type TrialId,
} from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleSpec } from "../../support/examples.ts";
import {
  assignmentOf,
  claimOf,
  codeOf,
  complete,
  decisionOf,
  drain,
  epochsOf,
  longLeaseMs,
  nothing,
  type OpenWorld,
  resultOf,
  type Started,
  setState,
  shortLeaseMs,
  snapshotOf,
  start,
  take,
  type World,
} from "./world.ts";

/** An experiment whose first run is being trained, with a second trial that an idle worker began. */
interface Speculated extends Started {
  readonly second: TrialId;
  readonly assignment: AssignmentId;
  readonly ahead: readonly RunId[];
}

const newTrial = (id: TrialId): NewTrial => ({
  id,
  number: null,
  capacity: { hiddenLayers: 1, nodesPerLayer: 250 },
  parameterCount: 2501,
  speculative: true,
  recipe: exampleSpec().recipe,
});

async function speculate(store: Store, runs = 1): Promise<Speculated> {
  const started = await start(store);
  await drain(store);
  await take(store, started.assignments[0], { by: "busy" });
  const second = randomIds("trial");
  const speculation = speculationOf(second, runs);
  await store.experiments.advance(started.id, () => ({ ...nothing, newTrials: [newTrial(second)], speculate: [speculation] }));
  return { ...started, second, assignment: speculation.id, ahead: speculation.runs.map(({ id }) => id) };
}

function speculationOf(trialId: TrialId, runs: number): NewSpeculation {
  const asked = assignmentOf(
    trialId,
    0,
    Array.from({ length: runs }, () => "fit" as const),
    1000,
  );
  return { ...asked, runs: asked.runs.map(({ decision: _decision, position: _position, ...run }) => run) };
}

/** The second decision asks for the speculative trial and its first runs. */
function adoption({ second, ahead }: Speculated, count = ahead.length): AdvancePlan {
  return {
    ...nothing,
    decision: decisionOf(2),
    trialChanges: [{ id: second, number: 2 }],
    adopt: ahead.slice(0, count).map((runId, position) => ({ runId, decision: 2, position, purpose: "finals", priority: 10 })),
    events: [{ kind: "decision.made", data: { sequence: 2 } }],
  };
}

export function speculationContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());
  const limits = { crashLimit: 3, redispatchMs: 1 };
  const kinds = async (id: Started["id"]) => (await world.store.experiments.events(id, 0, 1000)).map(({ kind }) => kind);

  describe("speculative work", () => {
    test("stands apart from what was asked for, leaves no event, and is never dispatched", async () => {
      const { store } = world;
      const before = await speculate(store);
      const { id, second, ahead, trialId } = before;
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.trials.map((trial) => trial.id)).toEqual([trialId]);
      expect(snapshot.runs).toHaveLength(1);
      expect(snapshot.speculative.trials).toMatchObject([{ id: second, number: null, speculative: true, state: "PENDING" }]);
      expect(snapshot.speculative.runs).toMatchObject([{ id: ahead[0], decision: null, position: null, state: "QUEUED" }]);
      expect(await store.work.findTrial(second)).toBeNull();
      const told = await kinds(id);
      await world.pass(20);
      await store.work.reconcile(limits);
      expect(await drain(store)).toEqual([]);
      const claim = await take(store, before.assignment, { by: "idle" });
      expect(claim).toMatchObject({ priority: 1000, trial: { id: second }, runs: [{ id: ahead[0], state: "RUNNING", decision: null }] });
      await store.work.appendEpochs(claim, epochsOf(ahead[0], 1, 3));
      await complete(store, claim, ahead[0]);
      await store.work.endAttempt(claim, "completed", null);
      expect(await kinds(id)).toEqual(told);
      expect((await snapshotOf(store, id)).speculative).toMatchObject({
        trials: [{ state: "PENDING" }],
        runs: [{ state: "COMPLETED", epochs: 3, result: { validationLoss: 0.5 } }],
      });
    });

    test("more runs of a numbered trial change nothing of it", async () => {
      const { store } = world;
      const { id, trialId, assignments, runs } = await start(store);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      await store.work.endAttempt(claim, "completed", null);
      const speculation = speculationOf(trialId, 1);
      await store.experiments.advance(id, () => ({
        ...nothing,
        trialChanges: [{ id: trialId, state: "COMPLETED" }],
        speculate: [speculation],
      }));
      await take(store, speculation.id);
      expect((await store.work.findTrial(trialId))?.trial.state).toBe("COMPLETED");
      expect((await store.work.findTrial(trialId))?.runs).toHaveLength(1);
      expect((await store.experiments.summaries([id])).get(id)).toMatchObject([{ runs: 1, endedRuns: 1 }]);
    });

    test("an experiment with nothing but speculative runs waits for its next decision", async () => {
      const { store } = world;
      const { id, assignments, runs, assignment } = await speculate(store);
      await take(store, assignment, { by: "idle" });
      expect(await store.experiments.idle(10)).toEqual([]);
      const ref = { assignmentId: assignments[0] as AssignmentId, attempt: 1 };
      await complete(store, ref, runs[0]);
      expect(await store.experiments.idle(10)).toEqual([id]);
    });

    test("a completed run that a decision asks for is its run at once, with the events it would have had", async () => {
      const { store } = world;
      const before = await speculate(store);
      const { id, second, ahead, assignment } = before;
      const claim = await take(store, assignment, { by: "idle" });
      await complete(store, claim, ahead[0]);
      await store.work.endAttempt(claim, "completed", null);
      await store.experiments.advance(id, () => adoption(before));
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.trials[1]).toMatchObject({ id: second, number: 2, speculative: false });
      expect(snapshot.runs[1]).toMatchObject({ id: ahead[0], decision: 2, position: 0, purpose: "finals", state: "COMPLETED" });
      expect(snapshot.speculative).toEqual({ trials: [], runs: [] });
      const named = { runId: ahead[0], trialId: second, trial: 2, purpose: "finals" };
      expect((await store.experiments.events(id, 0, 100)).slice(-3)).toMatchObject([
        { kind: "decision.made" },
        { kind: "run.started", data: { ...named, attempt: 1, workerId: "wrk_idle" } },
        { kind: "run.ended", data: { ...named, state: "COMPLETED", validationLoss: 0.5 } },
      ]);
      expect(await drain(store)).toEqual([]);
    });

    test("one that is being trained goes on under the same attempt, and from now on tells what happens to it", async () => {
      const { store } = world;
      const before = await speculate(store);
      const claim = await take(store, before.assignment, { by: "idle" });
      await store.experiments.advance(before.id, () => adoption(before));
      expect((await kinds(before.id)).at(-1)).toBe("run.started");
      expect(await store.work.speculativeAmong([before.assignment])).toEqual([]);
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("continue");
      await store.work.endAttempt(claim, "crashed", "boom");
      expect((await kinds(before.id)).at(-1)).toBe("run.requeued");
      expect(await drain(store)).toEqual([{ assignmentId: before.assignment, dispatch: 1 }]);
      const again = await take(store, before.assignment);
      expect(again).toMatchObject({ priority: 10, trial: { state: "RUNNING" } });
      await complete(store, again, before.ahead[0]);
      expect((await kinds(before.id)).at(-1)).toBe("run.ended");
    });

    test("one that waits is dispatched, as urgent as what was asked for", async () => {
      const { store } = world;
      const before = await speculate(store, 2);
      await store.experiments.advance(before.id, () => adoption(before));
      expect(await drain(store)).toEqual([{ assignmentId: before.assignment, dispatch: 0 }]);
      expect(await take(store, before.assignment)).toMatchObject({ priority: 10, trial: { number: 2, state: "RUNNING" } });
    });

    test("runs of one assignment are adopted one by one; the others finish beside them, untold", async () => {
      const { store } = world;
      const before = await speculate(store, 2);
      const claim = await take(store, before.assignment, { by: "idle" });
      await store.experiments.advance(before.id, () => adoption(before, 1));
      for (const run of before.ahead) await complete(store, claim, run);
      await store.work.endAttempt(claim, "completed", null);
      const snapshot = await snapshotOf(store, before.id);
      expect(snapshot.runs.map(({ id }) => id)).toEqual([before.runs[0], before.ahead[0]]);
      expect(snapshot.speculative.runs).toMatchObject([{ id: before.ahead[1], state: "COMPLETED" }]);
      expect((await kinds(before.id)).filter((kind) => kind === "run.ended")).toHaveLength(1);
    });

    test("two decisions at once adopt a run once", async () => {
      const { store } = world;
      const before = await speculate(store);
      const codes = await Promise.all([1, 2].map(() => codeOf(store.experiments.advance(before.id, () => adoption(before)))));
      expect(codes.sort()).toEqual(["conflict", "none"]);
      expect((await kinds(before.id)).filter((kind) => kind === "decision.made")).toHaveLength(2);
      expect((await snapshotOf(store, before.id)).decisions).toHaveLength(2);
    });

    test("what failed or was cancelled is not adopted, and nothing of the decision is written", async () => {
      const { store } = world;
      const failed = await speculate(store);
      await store.work.endAttempt(await take(store, failed.assignment), "crashed", "boom");
      expect(await codeOf(store.experiments.advance(failed.id, () => adoption(failed)))).toBe("conflict");
      const cancelled = await speculate(store);
      await store.experiments.advance(cancelled.id, () => ({ ...nothing, cancelAssignments: [cancelled.assignment] }));
      expect(await codeOf(store.experiments.advance(cancelled.id, () => adoption(cancelled)))).toBe("conflict");
      const running = await speculate(store);
      const foreign = { ...adoption(running), trialChanges: [] };
      expect(await codeOf(store.experiments.advance(failed.id, () => foreign)), "of another experiment").toBe("conflict");
      expect((await snapshotOf(store, failed.id)).decisions).toHaveLength(1);
    });

    test("crashed or lost it has failed for good, and nothing else has", async () => {
      const { store } = world;
      const crashed = await speculate(store);
      const lost = await speculate(store);
      await store.work.endAttempt(await take(store, crashed.assignment), "crashed", "segmentation fault");
      const zombie = await take(store, lost.assignment, { leaseMs: 1 });
      await world.pass(20);
      expect(await store.work.reconcile(limits)).toEqual([]);
      expect(await codeOf(complete(store, zombie, lost.ahead[0]))).toBe("stale_attempt");
      for (const [{ id, assignment }, reason] of [
        [crashed, "Speculative work is not trained again: it crashed: segmentation fault."],
        [lost, "Speculative work is not trained again: its lease was lost."],
      ] as const) {
        const { speculative, runs } = await snapshotOf(store, id);
        expect(speculative.runs).toMatchObject([{ state: "FAILED", result: { reason } }]);
        expect(runs.map(({ state }) => state)).toEqual(["RUNNING"]);
        expect(await claimOf(store, assignment)).toEqual({ refused: "completed" });
        expect((await kinds(id)).at(-1)).toBe("run.started");
      }
    });

    const losses = ["crashed", "lease_lost", "taken over"] as const;
    /** A decision takes the first of an assignment's runs; then its worker is lost, after the run's result or before. */
    async function halfAdoptedAndLost(store: Store, runs: number, loss: (typeof losses)[number], ended: boolean): Promise<Speculated> {
      const speculated = await speculate(store, runs);
      const { id, assignment, ahead } = speculated;
      const claim = await take(store, assignment, { leaseMs: loss === "crashed" ? longLeaseMs : shortLeaseMs });
      await store.experiments.advance(id, () => adoption(speculated, 1));
      if (ended) await complete(store, claim, ahead[0]);
      await drain(store);
      if (loss === "crashed") await store.work.endAttempt(claim, "crashed", "segmentation fault");
      else await world.pass(shortLeaseMs * 2);
      // A limit on crashes is not what ends it where nothing is left to train.
      const limits = { crashLimit: ended ? 1 : 9, redispatchMs: longLeaseMs };
      if (loss === "lease_lost") expect(await store.work.reconcile(limits)).toEqual(ended ? [id] : []);
      return speculated;
    }

    test.each(losses)("half adopted and then %s, only what was asked for is trained again", async (loss) => {
      world = await open();
      const { store } = world;
      const { id, assignment, ahead } = await halfAdoptedAndLost(store, 3, loss, false);
      expect((await take(store, assignment)).runs.map(({ id: runId }) => runId)).toEqual([ahead[0]]);
      const { runs, speculative } = await snapshotOf(store, id);
      expect(runs.find((run) => run.id === ahead[0])?.state).toBe("RUNNING");
      expect(speculative.runs.map(({ state }) => state)).toEqual(["FAILED", "FAILED"]);
      expect(speculative.runs[0]?.result?.reason).toMatch(/^Speculative work is not trained again/);
    });

    test.each(losses)("half adopted and %s after what was asked for had its result, nothing is trained again", async (loss) => {
      world = await open();
      const { store } = world;
      const { id, assignment } = await halfAdoptedAndLost(store, 2, loss, true);
      expect(await claimOf(store, assignment)).toEqual({ refused: "completed" });
      expect(await drain(store)).toEqual([]);
      expect((await snapshotOf(store, id)).speculative.runs.map(({ state }) => state)).toEqual(["FAILED"]);
    });

    test("half adopted and released, the rest waits with what was asked for", async () => {
      world = await open();
      const { store } = world;
      const speculated = await speculate(store, 2);
      const claim = await take(store, speculated.assignment);
      await store.experiments.advance(speculated.id, () => adoption(speculated, 1));
      await store.work.endAttempt(claim, "released", null);
      expect((await take(store, speculated.assignment)).runs).toHaveLength(2);
    });

    test("a claim of one whose lease is over finds it failed", async () => {
      const { store } = world;
      const { assignment } = await speculate(store);
      await take(store, assignment, { leaseMs: shortLeaseMs });
      await world.pass(shortLeaseMs * 2);
      expect(await claimOf(store, assignment, { by: "heir" })).toEqual({ refused: "completed" });
      expect(await claimOf(store, assignment, { by: "heir" })).toEqual({ refused: "completed" });
    });

    test("released it waits undispatched, with its checkpoint, for the next idle worker", async () => {
      const { store } = world;
      const { id, assignment, ahead } = await speculate(store);
      const claim = await take(store, assignment);
      const artifact = resultOf(1).weightsArtifact as NonNullable<ReturnType<typeof resultOf>["weightsArtifact"]>;
      await store.work.recordCheckpoint(claim, { runId: ahead[0] as RunId, artifact, epoch: 7 });
      await store.work.endAttempt(claim, "released", null);
      expect(await drain(store)).toEqual([]);
      expect((await kinds(id)).at(-1)).toBe("run.started");
      expect(await take(store, assignment)).toMatchObject({ attempt: 2, checkpoints: [{ epoch: 7 }] });
    });

    test("cancelled while it finishes: whichever came first stands, and the worker hears of it", async () => {
      const { store } = world;
      const refuted = await speculate(store);
      const claim = await take(store, refuted.assignment);
      await store.experiments.advance(refuted.id, () => ({ ...nothing, cancelAssignments: [refuted.assignment] }));
      expect(await codeOf(complete(store, claim, refuted.ahead[0]))).toBe("stale_attempt");
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("cancel");
      const quick = await speculate(store);
      const done = await take(store, quick.assignment);
      await complete(store, done, quick.ahead[0]);
      await store.experiments.advance(quick.id, () => ({ ...nothing, cancelAssignments: [quick.assignment] }));
      expect((await snapshotOf(store, quick.id)).speculative.runs).toMatchObject([{ state: "COMPLETED" }]);
    });

    test("an experiment's end leaves none of it under way, a pause dispatches none of it", async () => {
      const { store } = world;
      const { id, assignment } = await speculate(store);
      await setState(store, id, "PAUSED");
      expect(await claimOf(store, assignment)).toEqual({ refused: "paused" });
      await setState(store, id, "RUNNING");
      expect(await drain(store)).toEqual([]);
      const claim = await take(store, assignment);
      await setState(store, id, "SUCCEEDED");
      expect(await store.work.heartbeat(claim, longLeaseMs)).toBe("cancel");
      expect((await snapshotOf(store, id)).speculative).toMatchObject({ trials: [{ state: "CANCELLED" }], runs: [{ state: "CANCELLED" }] });
    });
  });

  describe("what idle workers may speculate for", () => {
    test("are experiments that wait for runs under way, of their engine, while nothing asked for waits anywhere", async () => {
      const { store } = world;
      const ours = ["scripted-1"];
      const first = await start(store);
      expect(await store.experiments.speculable(ours, 10), "it waits for a worker").toEqual([]);
      await take(store, first.assignments[0]);
      expect(await store.experiments.speculable(ours, 10)).toEqual([first.id]);
      expect(await store.experiments.speculable(["scripted-2"], 10)).toEqual([]);
      await world.pass(5);
      const second = await start(store);
      expect(await store.experiments.speculable(ours, 10), "another one waits").toEqual([]);
      await setState(store, second.id, "PAUSED");
      expect(await store.experiments.speculable(ours, 10)).toEqual([first.id]);
      await setState(store, second.id, "RUNNING");
      await take(store, second.assignments[0]);
      expect(await store.experiments.speculable(ours, 10)).toEqual([first.id, second.id]);
      expect(await store.experiments.speculable(ours, 1)).toEqual([first.id]);
      await complete(store, { assignmentId: first.assignments[0] as AssignmentId, attempt: 1 }, first.runs[0]);
      expect(await store.experiments.speculable(ours, 10), "its next decision comes first").toEqual([second.id]);
    });

    test("speculative work that waits is nothing asked for", async () => {
      const { store } = world;
      const before = await speculate(store);
      expect(await store.experiments.speculable(["scripted-1"], 10)).toEqual([before.id]);
      expect(await store.work.speculativeAmong([before.assignment, ...before.assignments])).toEqual([before.assignment]);
      await store.experiments.advance(before.id, () => adoption(before));
      expect(await store.experiments.speculable(["scripted-1"], 10)).toEqual([]);
    });

    test("what it saved and what it cost is counted by experiment", async () => {
      const { store } = world;
      const used = await speculate(store);
      const unused = await speculate(store);
      for (const { assignment } of [used, unused]) await take(store, assignment);
      await world.pass(50);
      await store.experiments.advance(used.id, () => adoption(used));
      await world.pass(200);
      const saved = await store.work.speculationUse(used.id);
      expect(saved).toMatchObject({ adoptedRuns: 1, unusedRuns: 0, unusedMs: 0 });
      expect(saved.adoptedMs).toBeGreaterThanOrEqual(49);
      expect(await store.work.speculationUse(used.id), "what an adopted run trains on is no speculation").toEqual(saved);
      const cost = await store.work.speculationUse(unused.id);
      expect(cost).toMatchObject({ adoptedRuns: 0, unusedRuns: 1, adoptedMs: 0 });
      expect(cost.unusedMs).toBeGreaterThan(200);
      expect(await store.work.speculationUse(null)).toMatchObject({ adoptedRuns: 1, unusedRuns: 1 });
      expect(await store.work.speculationUse("exp_none" as Started["id"])).toEqual({
        adoptedRuns: 0,
        unusedRuns: 0,
        adoptedMs: 0,
        unusedMs: 0,
      });
    });
  });
}
