/** The reducer of the event stream: nothing missed, nothing twice, and only what changed is fetched again. */
import type { EventView } from "@rightsize/contract";
import { eventKinds } from "@rightsize/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedBy, type EpochView, keptEvents, type LiveAction, type LiveState, liveStart, mergeEpochs, reduceLive } from "../src/live.ts";

const event = (sequence: number, kind: string = "run.ended", data: Record<string, unknown> = {}): LiveAction => ({
  kind: "event",
  event: { experimentId: "exp_1", sequence, kind: kind as EventView["kind"], data, createdAt: "2026-01-01T00:00:00Z" },
});
const epoch = (number: number, validationLoss = 1 / number): EpochView => ({
  epoch: number,
  trainingLoss: 1,
  validationLoss,
  learningRate: 0.001,
});
const play = (actions: readonly LiveAction[], from: LiveState = liveStart(0)) => actions.reduce(reduceLive, from);

describe("events", () => {
  it("count on from the number the page was loaded at", () => {
    expect(play([event(8), event(9)], liveStart(7)).lastSequence).toBe(9);
  });

  it("that come again after a reconnect change nothing", () => {
    const once = play([event(1), event(2)]);
    expect(play([event(1), event(2)], once)).toBe(once);
  });

  it("make stale only what their kind changes", () => {
    expect(play([event(1, "run.started")]).stale).toEqual({ experiment: 0, trials: 1, decisions: 0 });
    expect(play([event(1, "decision.made")]).stale).toEqual({ experiment: 0, trials: 1, decisions: 1 });
    expect(play([event(1, "answer.ready")]).stale).toEqual({ experiment: 1, trials: 1, decisions: 0 });
  });

  it("of a kind from a newer service make everything stale", () => {
    expect(changedBy("trial.promoted")).toEqual(["experiment", "trials", "decisions"]);
  });

  it("each change something", () => {
    for (const kind of eventKinds) expect(changedBy(kind).length, kind).toBeGreaterThan(0);
  });

  it("after a gap make everything stale and count the gap", () => {
    const state = play([event(1), event(4, "run.started")]);
    expect(state).toMatchObject({ lastSequence: 4, gapCount: 1, stale: { experiment: 1, decisions: 1 } });
  });

  it("are kept for the page's log, the latest only", () => {
    const state = play(Array.from({ length: keptEvents + 5 }, (_, index) => event(index + 1)));
    expect(state.events).toHaveLength(keptEvents);
    expect(state.events.at(-1)?.sequence).toBe(keptEvents + 5);
  });

  it("in any order of replays end in the same knowledge as without a broken connection", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 12 }), (resumedFrom) => {
        const all = Array.from({ length: 20 }, (_, index) => event(index + 1, eventKinds[index % eventKinds.length]));
        let state = liveStart(0);
        for (const place of [0, ...resumedFrom, 20]) {
          // The stream breaks somewhere, and the server replays from the last event that was known.
          for (const action of all.slice(Math.min(place, state.lastSequence), Math.max(place, state.lastSequence)))
            state = reduceLive(state, action);
        }
        const whole = play(all);
        expect({ ...state, reconnectCount: 0 }).toEqual(whole);
      }),
    );
  });
});

describe("epochs", () => {
  const come = (runId: string, ...epochs: EpochView[]): LiveAction => ({ kind: "epochs", runId, epochs });

  it("grow a run's curve and leave the others", () => {
    const state = play([come("run_1", epoch(1)), come("run_2", epoch(1)), come("run_1", epoch(2), epoch(3))]);
    expect(state.epochs.run_1?.map((one) => one.epoch)).toEqual([1, 2, 3]);
    expect(state.epochs.run_2).toHaveLength(1);
  });

  it("that come again from the first after a reconnect are not doubled", () => {
    const state = play([come("run_1", epoch(1), epoch(2)), come("run_1", epoch(1), epoch(2), epoch(3))]);
    expect(state.epochs.run_1).toEqual([epoch(1), epoch(2), epoch(3)]);
  });

  it("of a later attempt replace those of the one before", () => {
    expect(mergeEpochs([epoch(1, 9), epoch(2, 8)], [epoch(1, 5)])).toEqual([epoch(1, 5), epoch(2, 8)]);
  });

  it("of a run that lost its worker are forgotten, since it starts over", () => {
    const state = play([come("run_1", epoch(1), epoch(2)), event(1, "run.requeued", { runId: "run_1" })]);
    expect(state.epochs.run_1).toBeUndefined();
  });

  it("in any pieces and repetitions give one ascending curve", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 8 }))), (pieces) => {
        let curve: readonly EpochView[] = [];
        for (const [from, length] of pieces)
          curve = mergeEpochs(
            curve,
            Array.from({ length }, (_, index) => epoch(from + index)),
          );
        const numbers = curve.map((one) => one.epoch);
        expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      }),
    );
  });
});

describe("the connection", () => {
  it("need not be opened again once an event names an end", () => {
    expect(play([event(1, "experiment.state", { state: "PAUSED" })]).over).toBe(false);
    expect(play([event(1, "experiment.state", { state: "SUCCEEDED" }), event(2)]).over).toBe(true);
  });

  it("is counted when it breaks and stays ended once it has ended", () => {
    const state = play([
      { kind: "opened" },
      { kind: "lost" },
      { kind: "connecting" },
      { kind: "opened" },
      { kind: "ended" },
      { kind: "connecting" },
    ]);
    expect(state).toMatchObject({ connection: "ended", reconnectCount: 1 });
  });
});
