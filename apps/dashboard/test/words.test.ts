/** Numbers, times and addresses as people read them. */
import { describe, expect, it } from "vitest";
import { ago, bytes, counted, duration, fixed, plain, score, scoreFormat } from "../src/format.ts";
import { routeOf } from "../src/routes.ts";
import { lossFactor } from "../src/scores.ts";

describe("words", () => {
  it("write scores with four significant digits", () => {
    expect([5.4, 0.47777, 123.456, 0, 4_812_345, 0.00001, null].map(score)).toEqual([
      "5.4",
      "0.4778",
      "123.5",
      "0",
      "4.81e6",
      "1.00e−5",
      "–",
    ]);
  });
  it("write plain numbers without zeros that they don't have", () => {
    expect([0, 1, 44.5, 0.19629, -3, 12_345].map(plain)).toEqual(["0", "1", "44.5", "0.1963", "−3", "12,345"]);
  });
  it("give no sign to what rounds to zero", () => {
    expect([-0.004, -0.006, 0.5, -1234.5].map((value) => fixed(value, 2))).toEqual(["0.00", "−0.01", "0.50", "−1,234.50"]);
    expect([plain(-0), scoreFormat([-0, 0.5])(-0)]).toEqual(["0", "0.0"]);
  });
  it("write durations", () => {
    expect([400, 12_300, 185_000, 7_800_000, null].map(duration)).toEqual(["0.4 s", "12 s", "3 min 05 s", "2 h 10 min", "–"]);
  });
  it("say how long ago", () => {
    expect([1_000, 40_000, 120_000, 7_200_000].map((past) => ago(0, past))).toEqual(["just now", "40 s ago", "2 min ago", "2 h ago"]);
  });
  it("write bytes and counts", () => {
    expect([999, 14_873, 16e9].map(bytes)).toEqual(["999 B", "14.9 kB", "16.0 GB"]);
    expect([counted(1, "trial"), counted(2000, "trial")]).toEqual(["1 trial", "2,000 trials"]);
  });
});

describe("addresses", () => {
  it("name pages", () => {
    expect(routeOf("/")).toEqual({ page: "experiments" });
    expect(routeOf("/experiments/exp_1/")).toEqual({ page: "experiment", id: "exp_1" });
    expect(routeOf("/datasets/ab")).toEqual({ page: "dataset", id: "ab" });
    expect(routeOf("/new", "?dataset=ab")).toMatchObject({ page: "new", dataset: "ab", from: null, remedy: null, splits: null });
    expect(routeOf("/workers/x")).toEqual({ page: "unknown", path: "/workers/x" });
  });
});

describe("a live loss in the score's unit", () => {
  const experiment = (more: object) =>
    ({
      task: "regression",
      engine: "onnx",
      spec: { recipe: { loss: "auto" } },
      plan: { targetDeviation: 3 },
      ...more,
    }) as unknown as Parameters<typeof lossFactor>[0];
  it("is multiplied by the target's deviation squared", () => {
    expect(lossFactor(experiment({}))).toBe(9);
  });
  it("stays as it is where there is no such factor", () => {
    expect(lossFactor(experiment({ task: "classification" }))).toBe(1);
    expect(lossFactor(experiment({ spec: { recipe: { loss: "huber" } } }))).toBeNull();
    expect(lossFactor(experiment({ spec: { features: { logTarget: true } } }))).toBeNull();
    expect(lossFactor(experiment({ engine: "scripted" }))).toBeNull();
  });
});
