/** The list of experiments: in order, each once, changed by the stream, and only the lines in view drawn. */
import type { ExperimentItem } from "@rightsize/contract";
import { describe, expect, it } from "vitest";
import { listParameters, passes, progressText, withItem, withoutItem, withPage } from "../src/experiment-list.ts";
import { tellListener } from "../src/use-service-stream.ts";
import { linesInView } from "../src/use-window.ts";

/** `at` is a second of the same minute; larger is newer. */
const item = (id: string, at: number, more: Partial<ExperimentItem> = {}): ExperimentItem =>
  ({
    id,
    name: `experiment ${id}`,
    target: "wage",
    preset: "course",
    dataset: "abc",
    state: "RUNNING",
    eventCount: 1,
    createdAt: `2026-01-01T00:00:${String(at).padStart(2, "0")}.000Z`,
    summary: { trials: 0, scores: [], best: null, current: null },
    ...more,
  }) as ExperimentItem;
const ids = (items: readonly ExperimentItem[]) => items.map(({ id }) => id).join("");
const belongs = { belongs: true, complete: false };

describe("the list", () => {
  const known = [item("d", 40), item("c", 30), item("b", 20)];

  it("takes a page behind what is known, each experiment once", () => {
    expect(ids(withPage(known, [item("b", 20), item("a", 10)]))).toBe("dcba");
  });

  it("puts a new experiment in its place, and leaves an old one to the page that brings it", () => {
    expect(ids(withItem(known, item("e", 50), belongs))).toBe("edcb");
    expect(ids(withItem(known, item("x", 35), belongs))).toBe("dxcb");
    expect(withItem(known, item("a", 10), belongs)).toBe(known);
    expect(ids(withItem(known, item("a", 10), { ...belongs, complete: true }))).toBe("dcba");
    expect(ids(withItem([], item("a", 10), belongs))).toBe("a");
  });

  it("takes the newer state of one that is known, never an older one, and drops what belongs no more", () => {
    const later = withItem(known, item("c", 30, { eventCount: 9 }), belongs);
    expect(later.map(({ eventCount }) => eventCount)).toEqual([1, 9, 1]);
    expect(withItem(later, item("c", 30, { eventCount: 5 }), belongs)).toBe(later);
    expect(ids(withItem(known, item("c", 30), { belongs: false, complete: true }))).toBe("db");
    expect(ids(withoutItem(known, "d"))).toBe("cb");
    expect(withoutItem(known, "z")).toBe(known);
  });

  it("asks the API as it decides by itself what belongs", () => {
    const query = { filter: "failed", search: " Wage  course " } as const;
    expect(listParameters(query)).toEqual({ states: "FAILED,CANCELLED", search: "Wage  course" });
    expect(listParameters({ filter: "all", search: " " })).toEqual({});
    expect(passes(item("a", 1, { state: "CANCELLED" }), query)).toBe(true);
    expect(passes(item("a", 1), query)).toBe(false);
    expect(passes(item("a", 1, { state: "FAILED", target: "price" }), query)).toBe(false);
  });

  it.each([
    [{ trials: 0, current: null }, ""],
    [{ trials: 1, current: null }, "1 trial"],
    [{ trials: 3, current: { number: 3, hiddenLayers: 2, nodesPerLayer: 250, runs: 4, endedRuns: 1 } }, "trial 3, 2×250, run 2 of 4"],
    [{ trials: 1, current: { number: 1, hiddenLayers: 0, nodesPerLayer: 0, runs: 1, endedRuns: 0 } }, "trial 1, linear"],
  ])("says what is going on: %j", (summary, text) => {
    expect(progressText(item("a", 1, { summary: { scores: [], best: null, ...summary } }))).toBe(text);
  });
});

describe("messages of the service's stream", () => {
  const heard = (event: string, data: unknown) => {
    const calls: string[] = [];
    const listener = { onReset: () => calls.push("reset"), onGone: (id: string) => calls.push(`gone ${id}`) };
    tellListener(listener, { event, data: JSON.stringify(data), id: null });
    return calls;
  };
  it("ask for another reading of the lists unless the stream resumed", () => {
    expect(heard("open", { resumed: false })).toEqual(["reset"]);
    expect(heard("open", { resumed: true })).toEqual([]);
    expect(heard("experiment.gone", { id: "exp_1" })).toEqual(["gone exp_1"]);
    expect(heard("weather", {})).toEqual([]);
  });
});

describe("lines in view", () => {
  it.each([
    [10_000, 200, { first: 0, end: 16 }],
    [10_000, -76_000, { first: 992, end: 1018 }],
    [10_000, -760_000, { first: 9992, end: 10_000 }],
    [5, 0, { first: 0, end: 5 }],
    [0, 0, { first: 0, end: 0 }],
  ])("of %d, the list's edge at %d pixels", (count, top, lines) => {
    expect(linesInView(count, 76, top, 760)).toEqual(lines);
  });
});
