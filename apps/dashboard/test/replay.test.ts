/** Replays of early stopping, remedies and the workers' timeline, as plain functions. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { replayPatience, replayTrials } from "../src/patience.ts";
import { ratesGeometry } from "../src/plots/rates-geometry.ts";
import { type TimelineAttempt, timelineGeometry, timelineKind } from "../src/plots/timeline-geometry.ts";
import { remedies, remedyFor } from "../src/remedies.ts";
import { emptyDraft } from "../src/request-draft.ts";

const curve = (...losses: number[]) => losses.map((validationLoss, index) => ({ epoch: index + 1, validationLoss }));

describe("a replay with less patience", () => {
  it("stops that many epochs after the last improvement and keeps the best", () => {
    expect(replayPatience(curve(5, 4, 4.5, 3, 3.2, 3.3), 2, 0)).toEqual({ stopEpoch: 6, bestEpoch: 4, bestLoss: 3, ranOut: false });
    expect(replayPatience(curve(5, 4, 4.5, 3, 3.2, 3.3), 1, 0)).toEqual({ stopEpoch: 3, bestEpoch: 2, bestLoss: 4, ranOut: false });
  });
  it("counts only improvements larger than the smallest that counts", () => {
    expect(replayPatience(curve(5, 4.95, 4.9, 3), 2, 0.2)).toMatchObject({ stopEpoch: 3, bestEpoch: 1 });
  });
  it("says when the curve ends before patience does", () => {
    expect(replayPatience(curve(3, 2, 1), 5, 0)).toEqual({ stopEpoch: 3, bestEpoch: 3, bestLoss: 1, ranOut: true });
    expect(replayPatience([], 5, 0)).toBeNull();
  });
  it("never stops later and never scores better than with more", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 9, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (losses, patience) => {
          const less = replayPatience(curve(...losses), patience, 0);
          const more = replayPatience(curve(...losses), patience + 1, 0);
          expect(less?.stopEpoch).toBeLessThanOrEqual(more?.stopEpoch ?? 0);
          expect(less?.bestLoss).toBeGreaterThanOrEqual(more?.bestLoss ?? 0);
        },
      ),
    );
  });
  it("tells when another size would have looked best", () => {
    const story = replayTrials(
      [
        { trialId: "a", label: "1×64", points: curve(5, 4, 4.1, 4.2) },
        { trialId: "b", label: "2×128", points: curve(6, 6.5, 3, 3.1, 3.2) },
      ],
      1,
      2,
      0,
    );
    expect(story).toMatchObject({ trainedBest: "2×128", replayedBest: "1×64", trainedEpochs: 9, replayedEpochs: 5 });
  });
});

describe("a remedy", () => {
  it("changes the form it is applied to, for every symptom", () => {
    for (const [symptom, remedy] of Object.entries(remedies)) expect(remedy.apply(emptyDraft), symptom).not.toEqual(emptyDraft);
  });
  it("for divergence is a tenth of the rate", () => {
    expect(remedyFor("diverged")?.apply({ ...emptyDraft, learningRates: "0.01" }).learningRates).toBe("0.001");
  });
  it("is unknown for what is no symptom", () => {
    expect([remedyFor("toString"), remedyFor(null)]).toEqual([null, null]);
  });
});

describe("the timeline", () => {
  const attempt = (
    workerId: string,
    from: number,
    to: number | null,
    end: TimelineAttempt["attempt"]["end"] = "completed",
  ): TimelineAttempt => ({
    attempt: {
      assignmentId: `asg_${workerId}${from}`,
      number: 1,
      workerId,
      startedAt: new Date(from).toISOString(),
      endedAt: to === null ? null : new Date(to).toISOString(),
      end: to === null ? null : end,
      detail: null,
      machine: "atelier",
      device: "cpu",
      trial: 1,
      capacity: { hiddenLayers: 1, nodesPerLayer: 64 },
      runIds: ["run_1"],
      asked: "before",
    },
    kind: "asked",
  });
  it("gives a worker one lane, and another for each thing it does at once", () => {
    const geometry = timelineGeometry([attempt("a", 0, 100), attempt("a", 50, 150), attempt("a", 100, 200), attempt("b", 0, 10)], 200, 200);
    expect(geometry?.lanes.map((lane) => lane.workerId)).toEqual(["a", "a", "b"]);
    expect(geometry?.bars.map((bar) => bar.lane).sort()).toEqual([0, 0, 1, 2]);
  });
  it("counts lost work, and lets what goes on end now", () => {
    const geometry = timelineGeometry([attempt("a", 0, 100, "crashed"), attempt("a", 100, null)], 150, 300);
    expect(geometry).toMatchObject({ workMs: 300, wastedMs: 100, endMs: 300 });
    expect(geometry?.bars.map((bar) => bar.wasted)).toEqual([true, false]);
  });
  it("tells work that began early by whether it was asked for, and in vain only at the end", () => {
    const kinds = (over: boolean) =>
      (["before", "after", "never"] as const).map((asked) => timelineKind({ ...attempt("a", 0, 1).attempt, asked }, over));
    expect(kinds(false)).toEqual(["asked", "adopted", "open"]);
    expect(kinds(true)).toEqual(["asked", "adopted", "unused"]);
    const open = { ...attempt("a", 0, 100), kind: "open" as const };
    expect(timelineGeometry([open], 100, 100)).toMatchObject({ wastedMs: 0, workMs: 100 });
  });
  it("is nothing before the first attempt", () => {
    expect(timelineGeometry([], 100, 0)).toBeNull();
    const early = { ...attempt("a", 0, 100), kind: "unused" as const };
    expect(timelineGeometry([early], 100, 100)).toMatchObject({ wastedMs: 100, workMs: 100 });
  });
});

describe("the learning-rate plot", () => {
  const frame = { width: 400, height: 200, left: 40, right: 20, top: 20, bottom: 40 };
  const datum = (learningRate: number, score: number | null, cutShort: number | null = null) => ({
    ...{ trialId: "t", label: "1×64", learningRate, cutShort, score, shade: 0 },
  });
  it("puts diverged runs on the top edge and joins the others by rate", () => {
    const geometry = ratesGeometry([datum(1, null), datum(0.01, 0.3), datum(1e-6, 0.9)], frame);
    expect(geometry?.points[0]?.y).toBe(frame.top);
    expect(geometry?.lines[0]?.path).toMatch(/^M[\d.]+ [\d.]+L/);
  });
  it("joins short probes by rate, and leaves the whole fit beside their line", () => {
    const geometry = ratesGeometry([datum(0.001, 0.5, 5), datum(0.01, 0.4, 5), datum(0.01, 0.1)], frame);
    expect(geometry?.lines[0]?.path.match(/[ML]/g)).toEqual(["M", "L"]);
    expect(geometry?.points).toHaveLength(3);
  });
  it("is not drawn for one rate", () => {
    expect(ratesGeometry([datum(0.01, 0.3), datum(0.01, 0.4)], frame)).toBeNull();
  });
});
