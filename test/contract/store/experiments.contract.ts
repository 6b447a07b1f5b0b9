/** The store's contract for datasets and experiments: created once, advanced one caller at a time, all or nothing. */
import { type ExperimentId, type NewAssignment, type NewExperiment, type NewRun, randomIds, type Signal } from "@rightsize/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { examplePlan, exampleSpec, hashOf } from "../../support/examples.ts";
import {
  alice,
  assignmentOf,
  bob,
  claimOf,
  codeOf,
  complete,
  datasetNamed,
  decisionOf,
  drain,
  eventLines,
  firstStep,
  nothing,
  type OpenWorld,
  resultOf,
  setState,
  snapshotOf,
  start,
  take,
  until,
  type World,
} from "./world.ts";

export function experimentsContract(open: OpenWorld): void {
  let world: World;
  beforeEach(async () => {
    world = await open();
  });
  afterEach(() => world.close());

  describe("datasets", () => {
    test("the same bytes twice are one dataset, and the first record stays", async () => {
      const { datasets } = world.store;
      const first = await datasets.put(datasetNamed(alice, "1", "first.csv"));
      const again = await Promise.all(Array.from({ length: 10 }, (_, n) => datasets.put(datasetNamed(alice, "1", `again ${n}.csv`))));
      expect(again.map((dataset) => dataset.name)).toEqual(Array(10).fill("first.csv"));
      expect(await datasets.find(alice, hashOf("1"))).toEqual(first);
    });

    test("many puts of new bytes at once make one dataset", async () => {
      const { datasets } = world.store;
      const put = await Promise.all(Array.from({ length: 10 }, (_, n) => datasets.put(datasetNamed(alice, "1", `${n}.csv`))));
      expect(new Set(put.map((dataset) => dataset.name)).size).toBe(1);
      expect((await datasets.list(alice, { limit: 10, cursor: null })).items).toHaveLength(1);
    });

    test("another owner neither sees nor lists it", async () => {
      const { datasets } = world.store;
      await datasets.put(datasetNamed(alice, "1"));
      expect(await datasets.find(bob, hashOf("1"))).toBeNull();
      expect(await datasets.list(bob, { limit: 10, cursor: null })).toEqual({ items: [], cursor: null });
      expect((await datasets.put(datasetNamed(bob, "1", "bob's.csv"))).name).toBe("bob's.csv");
    });

    test("pages hold each dataset once, newest first, while new ones arrive", async () => {
      const { datasets } = world.store;
      for (const digit of "123456") {
        await datasets.put(datasetNamed(alice, digit));
        await world.pass(2);
      }
      const names: string[] = [];
      for (let cursor: string | null = null, page = 0; page === 0 || cursor !== null; page++) {
        const shown = await datasets.list(alice, { limit: 2, cursor });
        names.push(...shown.items.map((dataset) => dataset.name));
        cursor = shown.cursor;
        await world.pass(2);
        await datasets.put(datasetNamed(alice, "abcdef"[page] ?? "0"));
      }
      expect(names).toEqual(["6.csv", "5.csv", "4.csv", "3.csv", "2.csv", "1.csv"]);
    });

    test.each(["", "nonsense", "W10=", Buffer.from('["yesterday","x"]').toString("base64url")])(
      "the cursor %j can't be read",
      async (cursor) => {
        expect(await codeOf(world.store.datasets.list(alice, { limit: 2, cursor }))).toBe("malformed_request");
        expect(await codeOf(world.store.experiments.list(alice, { limit: 2, cursor }))).toBe("malformed_request");
      },
    );
  });

  const newExperiment = (overrides: Partial<NewExperiment> = {}): NewExperiment => ({
    id: randomIds("experiment"),
    owner: alice,
    spec: exampleSpec(),
    plan: examplePlan(),
    policyVersion: "course@1",
    idempotency: null,
    ...overrides,
  });

  describe("creating an experiment", () => {
    test("writes the experiment, its first decision, trial, runs, events and dispatch together", async () => {
      const { store } = world;
      const plan = firstStep([["fit", "fit"]]);
      const given = newExperiment();
      const { experiment, created } = await store.experiments.create(given, (snapshot) => {
        expect(snapshot).toMatchObject({ decisions: [], trials: [], runs: [], experiment: { id: given.id, state: "QUEUED" } });
        return plan;
      });
      expect(created).toBe(true);
      expect(experiment).toMatchObject({
        state: "QUEUED",
        eventCount: 2,
        startedAt: null,
        endedAt: null,
        engineFingerprint: null,
        answer: null,
      });
      const snapshot = await snapshotOf(store, given.id);
      expect(snapshot.experiment).toEqual(experiment);
      expect(snapshot.decisions).toMatchObject([
        { sequence: 1, text: plan.decision?.text, hash: plan.decision?.hash, decision: plan.decision?.decision },
      ]);
      expect(snapshot.trials).toMatchObject([
        { id: plan.trialId, number: 1, state: "PENDING", score: null, winner: false, parameterCount: 1001 },
      ]);
      expect(snapshot.runs.map((run) => [run.position, run.state, run.epochs, run.result])).toEqual([
        [0, "QUEUED", 0, null],
        [1, "QUEUED", 0, null],
      ]);
      expect(await eventLines(store, given.id)).toEqual(["1 experiment.created", "2 decision.made"]);
      expect(await drain(store)).toEqual([{ assignmentId: plan.assignments[0]?.id, dispatch: 0 }]);
    });

    test("keeps after how many epochs a run is cut short, and says nothing of it for the others", async () => {
      const { store } = world;
      const plan = firstStep([["probe", "fit"]]);
      const [assignment] = plan.assignments as [NewAssignment];
      const [probe, fit] = assignment.runs as [NewRun, NewRun];
      const given = newExperiment();
      await store.experiments.create(given, () => ({ ...plan, assignments: [{ ...assignment, runs: [{ ...probe, maxEpochs: 3 }, fit] }] }));
      const cuts = (runs: readonly object[]) => runs.map((run) => ("maxEpochs" in run ? run.maxEpochs : "whole"));
      expect(cuts((await snapshotOf(store, given.id)).runs)).toEqual([3, "whole"]);
      const claim = await take(store, assignment.id);
      expect(cuts(claim.runs)).toEqual([3, "whole"]);
      for (const { id } of claim.runs) await complete(store, claim, id, resultOf(0.5));
      const trained = await store.work.trainedRuns(given.owner, given.spec.dataset, 10);
      expect(trained.map(({ maxEpochs }) => maxEpochs ?? "whole").sort()).toEqual([3, "whole"]);
    });

    test("gives numbers, text and the order of members back as they were", async () => {
      const odd = {
        tenth: 0.1 + 0.2,
        tiny: 5e-324,
        huge: 1.7976931348623157e308,
        big: 2 ** 53 - 1,
        10: "ten",
        9: "nine",
        text: 'ö"\\\u2028',
      };
      const given = newExperiment({ spec: exampleSpec({ seed: 2 ** 53 - 1, search: { preset: "course", parameters: odd } }) });
      const { experiment } = await world.store.experiments.create(given, () => null);
      expect(JSON.stringify(experiment.spec)).toBe(JSON.stringify(given.spec));
      expect(await world.store.experiments.find(alice, given.id)).toEqual(experiment);
    });

    test("leaves nothing behind when its plan is refused", async () => {
      const { store } = world;
      const given = newExperiment({ idempotency: { key: "k", requestHash: hashOf("1") } });
      const plan = firstStep();
      expect(await codeOf(store.experiments.create(given, () => ({ ...plan, decision: decisionOf(2) })))).toBe("conflict");
      const twice = {
        ...plan,
        newTrials: [...plan.newTrials, ...plan.newTrials.map((trial) => ({ ...trial, id: randomIds("trial"), number: 2 }))],
      };
      expect(await codeOf(store.experiments.create(given, () => twice)), "a capacity twice").toBe("conflict");
      expect(
        await codeOf(
          store.experiments.create(given, () => {
            throw new Error("the policy failed");
          }),
        ),
      ).toBe("internal");
      expect(await store.experiments.find(null, given.id)).toBeNull();
      expect(await store.experiments.findByIdempotencyKey(alice, "k")).toBeNull();
      expect(await drain(store)).toEqual([]);
      expect((await store.experiments.create(given, () => plan)).created).toBe(true);
    });

    test("the same Idempotency-Key gives the first experiment, from ten requests at once too", async () => {
      const { store } = world;
      const idempotency = { key: "k", requestHash: hashOf("1") };
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => store.experiments.create(newExperiment({ idempotency }), () => firstStep())),
      );
      expect(answers.filter((answer) => answer.created)).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer.experiment.id)).size).toBe(1);
      expect((await store.experiments.list(alice, { limit: 20, cursor: null })).items).toHaveLength(1);
      expect(await drain(store)).toHaveLength(1);
      expect(await store.experiments.findByIdempotencyKey(alice, "k")).toMatchObject({ requestHash: hashOf("1") });
    });

    test("the same Idempotency-Key for another request is a conflict; another owner's is his own", async () => {
      const { experiments } = world.store;
      await experiments.create(newExperiment({ idempotency: { key: "k", requestHash: hashOf("1") } }), () => null);
      const other = newExperiment({ idempotency: { key: "k", requestHash: hashOf("2") } });
      expect(await codeOf(experiments.create(other, () => null))).toBe("idempotency_conflict");
      expect((await experiments.create({ ...other, owner: bob }, () => null)).created).toBe(true);
      expect(await experiments.findByIdempotencyKey(bob, "other key")).toBeNull();
    });

    test("only its owner finds and lists it; a loop finds everybody's", async () => {
      const { experiments } = world.store;
      const { id } = await start(world.store, [["fit"]], alice);
      expect(await experiments.find(bob, id)).toBeNull();
      expect(await experiments.find(null, id)).toMatchObject({ id, owner: alice });
      expect((await experiments.list(bob, { limit: 9, cursor: null })).items).toEqual([]);
      expect(await experiments.find(alice, "exp_unknown" as ExperimentId)).toBeNull();
      expect(await experiments.snapshot("exp_unknown" as ExperimentId)).toBeNull();
    });

    test("pages hold each experiment once, newest first, while new ones arrive", async () => {
      const { store } = world;
      const ids: string[] = [];
      for (let n = 0; n < 5; n++) {
        ids.unshift((await start(store, [], alice)).id);
        await world.pass(2);
      }
      const seen: string[] = [];
      for (let cursor: string | null = null, page = 0; page === 0 || cursor !== null; page++) {
        const shown = await store.experiments.list(alice, { limit: 2, cursor });
        seen.push(...shown.items.map((experiment) => experiment.id));
        cursor = shown.cursor;
        await start(store, [], alice);
      }
      expect(seen).toEqual(ids);
    });
  });

  describe("advancing an experiment", () => {
    test("does nothing for unknown ids and for a plan that is null", async () => {
      const { experiments } = world.store;
      expect(await experiments.advance("exp_unknown" as ExperimentId, () => nothing)).toBe(false);
      const { id } = await start(world.store);
      const before = await snapshotOf(world.store, id);
      expect(await experiments.advance(id, () => null)).toBe(false);
      expect(await snapshotOf(world.store, id)).toEqual(before);
    });

    test("of twenty callers who would all decide the same, one does", async () => {
      const { store } = world;
      const { id } = await start(store);
      const wrote = await Promise.all(
        Array.from({ length: 20 }, () =>
          store.experiments.advance(id, ({ decisions }) => (decisions.length === 1 ? { ...nothing, decision: decisionOf(2) } : null)),
        ),
      );
      expect(wrote.filter(Boolean)).toHaveLength(1);
      expect((await snapshotOf(store, id)).decisions.map((decision) => decision.sequence)).toEqual([1, 2]);
    });

    test("callers at once run one after the other: decisions and events have no gap and no double", async () => {
      const { store } = world;
      const { id } = await start(store);
      await Promise.all(
        Array.from({ length: 30 }, () =>
          store.experiments.advance(id, ({ decisions }) => ({
            ...nothing,
            decision: decisionOf(decisions.length + 1),
            events: [
              { kind: "decision.made", data: { sequence: decisions.length + 1 } },
              { kind: "trial.completed", data: {} },
            ],
          })),
        ),
      );
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.decisions.map((decision) => decision.sequence)).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
      const events = await store.experiments.events(id, 0, 1000);
      expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: 62 }, (_, n) => n + 1));
      expect(snapshot.experiment.eventCount).toBe(62);
      const decided = events.filter((event) => event.kind === "decision.made").map((event) => event.data.sequence);
      expect(decided).toEqual(Array.from({ length: 31 }, (_, n) => n + 1));
      expect(events.map((event) => event.createdAt)).toEqual(events.map((event) => event.createdAt).sort());
    });

    test("a decision is given back byte for byte", async () => {
      const { store } = world;
      const { id } = await start(store);
      const decision = decisionOf(2, 'Größer: "+0.1" \u0001 \u2028 1e-7');
      await store.experiments.advance(id, () => ({ ...nothing, decision }));
      const stored = (await snapshotOf(store, id)).decisions[1];
      expect(stored?.text).toBe(decision.text);
      expect(stored?.decision).toEqual(decision.decision);
    });

    test("a limit that was reached before a decision is kept with it", async () => {
      const { store } = world;
      const { id } = await start(store);
      const limit = { kind: "cpu", limit: 0.1 } as const;
      await store.experiments.advance(id, () => ({ ...nothing, decision: { ...decisionOf(2), limit } }));
      expect((await snapshotOf(store, id)).decisions.map((decision) => decision.limit)).toEqual([null, limit]);
    });

    test("refuses a decision that leaves a gap or repeats a number, and writes nothing of that plan", async () => {
      const { store } = world;
      const { id, trialId } = await start(store);
      const before = await snapshotOf(store, id);
      for (const sequence of [1, 3]) {
        const plan = { ...nothing, decision: decisionOf(sequence), trialChanges: [{ id: trialId, score: 1 }], events: firstStep().events };
        expect(await codeOf(store.experiments.advance(id, () => plan))).toBe("conflict");
      }
      expect(await snapshotOf(store, id)).toEqual(before);
    });

    test("changes what a trial's change names and keeps the rest", async () => {
      const { store } = world;
      const { id, trialId, assignments } = await start(store);
      await take(store, assignments[0]);
      const recipe = { ...exampleSpec().recipe, maxEpochs: 77 };
      await store.experiments.advance(id, () => ({
        ...nothing,
        trialChanges: [{ id: trialId, state: "COMPLETED", score: 5.4, metrics: { meanSquaredError: 5.4 }, nextStep: "INCREASE_CAPACITY" }],
      }));
      await store.experiments.advance(id, () => ({ ...nothing, trialChanges: [{ id: trialId, verdict: "better", winner: true, recipe }] }));
      expect((await snapshotOf(store, id)).trials[0]).toMatchObject({
        state: "COMPLETED",
        score: 5.4,
        metrics: { meanSquaredError: 5.4 },
        nextStep: "INCREASE_CAPACITY",
        verdict: "better",
        winner: true,
        recipe,
      });
      await store.experiments.advance(id, () => ({ ...nothing, trialChanges: [{ id: trialId, score: null, metrics: null }] }));
      expect((await snapshotOf(store, id)).trials[0]).toMatchObject({ score: null, metrics: null, verdict: "better" });
    });

    test("refuses changes of state that the lifecycles don't know, and writes nothing of that plan", async () => {
      const { store } = world;
      const { id, trialId } = await start(store);
      const before = await snapshotOf(store, id);
      const events = firstStep().events;
      const pending = { ...nothing, trialChanges: [{ id: trialId, state: "COMPLETED" as const }], events };
      expect(await codeOf(store.experiments.advance(id, () => pending)), "PENDING → COMPLETED").toBe("conflict");
      const queued = { ...nothing, experiment: { state: "SUCCEEDED" as const }, events };
      expect(await codeOf(store.experiments.advance(id, () => queued)), "QUEUED → SUCCEEDED").toBe("conflict");
      const foreign = { ...nothing, trialChanges: [{ id: (await start(store)).trialId, score: 1 }], events };
      expect(await codeOf(store.experiments.advance(id, () => foreign)), "a trial of another experiment").toBe("not_found");
      expect(await snapshotOf(store, id)).toEqual(before);
    });

    test("adds runs in the order they were asked for, and dispatches them", async () => {
      const { store } = world;
      const { id, trialId } = await start(store);
      await drain(store);
      const added = assignmentOf(trialId, 2, ["finals", "finals", "finals"]);
      await store.experiments.advance(id, () => ({ ...nothing, decision: decisionOf(2), assignments: [added] }));
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.runs.map((run) => `${run.decision}.${run.position} ${run.purpose}`)).toEqual([
        "1.0 fit",
        "2.0 finals",
        "2.1 finals",
        "2.2 finals",
      ]);
      expect(await drain(store)).toEqual([{ assignmentId: added.id, dispatch: 0 }]);
    });

    test("cancels assignments: their unfinished runs end, their attempt ends, nobody can claim them", async () => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit"], ["fit"], ["fit"]]);
      const claim = await take(store, assignments[0]);
      await store.experiments.advance(id, () => ({ ...nothing, cancelAssignments: assignments.slice(0, 2) }));
      expect((await snapshotOf(store, id)).runs.map((run) => run.state).sort()).toEqual(["CANCELLED", "CANCELLED", "QUEUED"]);
      expect(await store.work.attempts(id)).toMatchObject([{ number: 1, end: "cancelled" }]);
      expect(await store.work.heartbeat(claim, 1000)).toBe("cancel");
      expect(await claimOf(store, assignments[1])).toEqual({ refused: "cancelled" });
      expect("attempt" in (await claimOf(store, assignments[2]))).toBe(true);
    });

    test.each(["CANCELLED", "FAILED"] as const)("an experiment that is %s leaves nothing outstanding", async (state) => {
      const { store } = world;
      const { id, assignments } = await start(store, [["fit", "fit"], ["fit"]]);
      const claim = await take(store, assignments[0]);
      await setState(store, id, state);
      const snapshot = await snapshotOf(store, id);
      expect(snapshot.experiment).toMatchObject({ state, stateReason: `because ${state}` });
      expect(snapshot.experiment.endedAt).not.toBeNull();
      expect(snapshot.runs.map((run) => run.state)).toEqual(["CANCELLED", "CANCELLED", "CANCELLED"]);
      expect(snapshot.trials.map((trial) => trial.state)).toEqual(["CANCELLED"]);
      expect((await eventLines(store, id)).filter((line) => line.endsWith("run.ended"))).toHaveLength(3);
      expect(await store.work.heartbeat(claim, 1000)).toBe("cancel");
      expect(await codeOf(store.work.endAttempt(claim, "cancelled", null)), "the worker obeys").toBe("none");
      expect(await claimOf(store, assignments[1])).toEqual({ refused: "cancelled" });
      expect(await store.experiments.idle(10)).toEqual([]);
      expect(await codeOf(setState(store, id, "RUNNING")), "an end is an end").toBe("conflict");
    });

    test("while paused nothing is claimed or dispatched, running work goes on, and resuming dispatches what waits", async () => {
      const { store } = world;
      const { id, trialId, assignments } = await start(store, [["fit"], ["fit"]]);
      await drain(store);
      const claim = await take(store, assignments[0]);
      await setState(store, id, "PAUSED");
      expect(await claimOf(store, assignments[1])).toEqual({ refused: "paused" });
      expect(await store.work.heartbeat(claim, 1000)).toBe("continue");
      await store.work.endAttempt(claim, "released", null);
      const added = assignmentOf(trialId, 2, ["fit"]);
      await store.experiments.advance(id, () => ({ ...nothing, decision: decisionOf(2), assignments: [added] }));
      await world.pass(5);
      await store.work.reconcile({ crashLimit: 3, redispatchMs: 1 });
      expect(await drain(store)).toEqual([]);
      await setState(store, id, "RUNNING");
      const dispatched = (await drain(store)).map((item) => `${item.assignmentId} ${item.dispatch}`).sort();
      expect(dispatched).toEqual([`${assignments[0]} 1`, `${assignments[1]} 0`, `${added.id} 0`].sort());
    });

    test("is idle while it has no outstanding run and is not at its end or paused", async () => {
      const { store } = world;
      const { id, assignments, runs } = await start(store);
      const { id: other } = await start(store);
      expect(await store.experiments.idle(10)).toEqual([]);
      const claim = await take(store, assignments[0]);
      await complete(store, claim, runs[0]);
      expect(await store.experiments.idle(10)).toEqual([id]);
      expect(await store.experiments.idle(0)).toEqual([]);
      await setState(store, id, "PAUSED");
      expect(await store.experiments.idle(10)).toEqual([]);
      await setState(store, id, "CANCELLED");
      await setState(store, other, "CANCELLED");
      expect(await store.experiments.idle(10)).toEqual([]);
    });

    test("events are read after a number, a limited count at a time", async () => {
      const { store } = world;
      const { id } = await start(store);
      for (let n = 0; n < 5; n++)
        await store.experiments.advance(id, () => ({ ...nothing, events: [{ kind: "trial.completed", data: { n } }] }));
      expect((await store.experiments.events(id, 2, 2)).map((event) => [event.sequence, event.data])).toEqual([
        [3, { n: 0 }],
        [4, { n: 1 }],
      ]);
      expect(await store.experiments.events(id, 7, 10)).toEqual([]);
      expect(await store.experiments.events("exp_unknown" as ExperimentId, 0, 10)).toEqual([]);
    });
  });

  describe("signals", () => {
    test("tell listeners of experiments, epochs and dispatches, until they unsubscribe", async () => {
      const { store } = world;
      const heard: Signal[] = [];
      const unsubscribe = await store.subscribe((signal) => void heard.push(signal));
      const { id, assignments, runs } = await start(store);
      await until(() => heard.some((signal) => signal.kind === "outbox") && heard.some((signal) => signal.kind === "experiment"));
      expect(heard).toContainEqual({ kind: "experiment", id });
      const claim = await take(store, assignments[0]);
      await store.work.appendEpochs(claim, [{ runId: runs[0] as never, epoch: 1, trainingLoss: 1, validationLoss: 1, learningRate: 1 }]);
      await until(() => heard.some((signal) => signal.kind === "epochs" && signal.id === id));
      await unsubscribe();
      const before = heard.length;
      await start(store);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heard).toHaveLength(before);
    });

    test("many listeners hear the same, and one that leaves doesn't silence the others", async () => {
      const { store } = world;
      const counts = [0, 0, 0];
      const unsubscribe = await Promise.all(
        counts.map((_, place) =>
          store.subscribe((signal) => {
            if (signal.kind === "outbox") counts[place] = (counts[place] ?? 0) + 1;
          }),
        ),
      );
      await unsubscribe[1]?.();
      await start(store);
      await until(() => counts[0] === 1 && counts[2] === 1);
      expect(counts).toEqual([1, 0, 1]);
      await unsubscribe[0]?.();
      await unsubscribe[2]?.();
    });

    test("say nothing of a change that was refused", async () => {
      const { store } = world;
      const { id } = await start(store);
      const heard: Signal[] = [];
      const unsubscribe = await store.subscribe((signal) => void heard.push(signal));
      await codeOf(store.experiments.advance(id, () => ({ ...nothing, decision: decisionOf(9), events: firstStep().events })));
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heard).toEqual([]);
      await unsubscribe();
    });
  });
}
