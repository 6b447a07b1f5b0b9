/** The geometry of the plots: where things stand, in pixels, without a browser. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CapacityDatum, capacityGeometry, nearest, placeLabels } from "../src/plots/capacity-geometry.ts";
import { curvesGeometry, thinned } from "../src/plots/curves-geometry.ts";
import { arcPath, linePath, spread } from "../src/plots/path.ts";
import { ratesGeometry } from "../src/plots/rates-geometry.ts";
import { extent, linearScale, linearTicks, logScale, logTicks, padded, tickTexts } from "../src/plots/scale.ts";

const frame = { width: 500, height: 300, left: 40, right: 20, top: 20, bottom: 40 };

describe("scales", () => {
  it("map the ends of the domain to the ends of the range and back", () => {
    for (const scale of [linearScale([2, 10], [40, 480]), logScale([2, 10], [40, 480])]) {
      expect([scale.at(2), scale.at(10)].map((pixel) => Math.round(pixel * 1e6) / 1e6)).toEqual([40, 480]);
      expect(scale.invert(scale.at(5))).toBeCloseTo(5);
    }
  });
  it("put a single value in the middle", () => {
    expect(linearScale([4, 4], [0, 100]).at(4)).toBeCloseTo(50);
    expect(logScale([4, 4], [0, 100]).at(4)).toBeCloseTo(50);
  });
  it("choose ticks of 1, 2 or 5", () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(4.1, 5.6, 4)).toEqual([4.5, 5, 5.5]);
    expect(logTicks(1000, 200_000, 8)).toEqual([1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000]);
    expect(logTicks(1, 1e9, 5)).toEqual([1, 100, 1e4, 1e6, 1e8]);
  });
  it("keep every tick inside the domain, and not too many of them", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), fc.double({ min: 1.01, max: 1e8, noNaN: true }), (low, factor) => {
        const high = low * factor;
        for (const ticks of [linearTicks(low, high, 6), logTicks(low, high, 6)]) {
          expect(ticks.length).toBeLessThanOrEqual(13);
          for (const tick of ticks) expect(tick >= low * 0.998 && tick <= high * 1.002).toBe(true);
        }
      }),
    );
  });
  it("leave air around the data, and ignore what isn't finite", () => {
    expect(extent([3, Number.NaN, 1, Number.POSITIVE_INFINITY])).toEqual([1, 3]);
    expect(extent([Number.NaN])).toBeNull();
    expect(padded([0, 10], 0.1, "linear")).toEqual([-1, 11]);
  });
  it("write ticks shortly", () => {
    const alone = (tick: number) => tickTexts([tick])[0];
    expect([0, 0.05, 950, 62_751, 1.5e6, -2, 2e-5].map(alone)).toEqual(["0", "0.05", "950", "62.8k", "1.5M", "−2", "2e−5"]);
  });
  it("write no two ticks alike, and each as it stands", () => {
    expect(tickTexts([2.894, 2.896, 2.898, 2.9])).toEqual(["2.894", "2.896", "2.898", "2.9"]);
    expect(tickTexts([1.21e-5, 1.22e-5])).toEqual(["1.21e−5", "1.22e−5"]);
    expect(tickTexts([12_340, 12_345])).toEqual(["12.34k", "12.345k"]);
    expect(tickTexts([])).toEqual([]);
  });
});

describe("lines", () => {
  it("break where a value isn't finite", () => {
    expect(
      linePath([
        { x: 0, y: 1 },
        { x: 1, y: Number.NaN },
        { x: 2, y: 3 },
      ]),
    ).toBe("M0 1M2 3");
  });
  it("end before the points they join", () => {
    const arc = arcPath({ x: 0, y: 0 }, { x: 100, y: 0 }, 10, 0);
    expect(arc).toMatchObject({ path: "M10 0Q50 0 90 0", angle: 0 });
    expect(arcPath({ x: 0, y: 0 }, { x: 20, y: 0 }, 10, 0)).toBeNull();
  });
  it("keep labels apart and inside", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { minLength: 1, maxLength: 12 }), (wanted) => {
        const placed = [...spread(wanted, 14, 0, 200)].sort((a, b) => a - b);
        for (const [index, y] of placed.entries()) {
          expect(y).toBeGreaterThanOrEqual(-1e-9);
          expect(y).toBeLessThanOrEqual(200 + 1e-9);
          if (index > 0) expect(y - (placed[index - 1] ?? 0)).toBeGreaterThanOrEqual(14 - 1e-9);
        }
      }),
    );
  });
});

const datum = (number: number, parameterCount: number, score: number, more: Partial<CapacityDatum> = {}): CapacityDatum => ({
  number,
  label: `trial ${number}`,
  parameterCount,
  score,
  deviation: null,
  trainingScore: null,
  incumbent: false,
  ...more,
});

describe("the capacity plot", () => {
  it("has nothing to draw before the first score", () => {
    expect(capacityGeometry([], frame)).toBeNull();
  });
  it("puts larger networks to the right and better scores lower", () => {
    const geometry = capacityGeometry([datum(1, 1101, 5.4), datum(2, 128_251, 4.5, { incumbent: true })], frame);
    const [small, large] = geometry?.points ?? [];
    expect(large?.x).toBeGreaterThan(small?.x ?? 0);
    expect(large?.y).toBeGreaterThan(small?.y ?? 0);
    expect(geometry?.incumbent?.datum.number).toBe(2);
    expect(geometry?.arrows).toHaveLength(1);
  });
  it("keeps intervals and training scores inside the frame", () => {
    const geometry = capacityGeometry([datum(1, 100, 5, { deviation: 1, trainingScore: 2 }), datum(2, 900, 4)], frame);
    for (const point of geometry?.points ?? [])
      for (const y of [point.y, point.trainingY ?? point.y, point.interval?.high ?? point.y, point.interval?.low ?? point.y])
        expect(y >= frame.top && y <= frame.height - frame.bottom).toBe(true);
  });
  it("turns to a log scale when one score is far worse than the rest", () => {
    expect(capacityGeometry([datum(1, 10, 0.4), datum(2, 20, 900)], frame)?.y.kind).toBe("log");
  });
  it("finds the point under the pointer, and none where there is none", () => {
    const points = capacityGeometry([datum(1, 10, 1), datum(2, 1000, 2)], frame)?.points ?? [];
    expect(nearest(points, { x: (points[1]?.x ?? 0) + 5, y: points[1]?.y ?? 0 }, 20)?.datum.number).toBe(2);
    expect(nearest(points, { x: 250, y: 150 }, 20)).toBeNull();
  });
  it("labels the incumbent first where points crowd, and lets no two labels touch", () => {
    const crowd = [
      datum(1, 10, 5),
      datum(2, 1000, 4.4),
      datum(3, 1001, 4.4),
      datum(4, 1002, 4.4),
      datum(5, 1003, 4.4, { incumbent: true }),
    ];
    const labels = placeLabels(capacityGeometry([...crowd, datum(6, 1e6, 4.9)], frame)?.points ?? [], frame.width);
    expect(labels[0]?.point.datum.number).toBe(5);
    expect(labels.length).toBeLessThan(6);
    for (const [index, one] of labels.entries())
      for (const other of labels.slice(index + 1)) expect(Math.abs(one.x - other.x) > 44 || Math.abs(one.y - other.y) > 13).toBe(true);
  });
});

describe("learning curves", () => {
  const points = Array.from({ length: 5000 }, (_, index) => ({
    epoch: index + 1,
    trainingLoss: 1,
    validationLoss: index === 2345 ? 0.01 : index === 99 ? 50 : 1,
  }));
  const curve = { id: "tri_1", label: "1×64", points: points.slice(0, 10), shade: 0, strong: false };

  it("mark the best epoch", () => {
    const geometry = curvesGeometry(
      [{ ...curve, points: [3, 1, 2].map((validationLoss, index) => ({ epoch: index + 1, trainingLoss: 1, validationLoss })) }],
      frame,
      {
        log: false,
        training: false,
        factor: 9,
      },
    );
    expect(geometry?.curves[0]?.best).toMatchObject({ epoch: 2, loss: 9 });
  });
  it("are nothing without an epoch", () => {
    expect(curvesGeometry([{ ...curve, points: [] }], frame, { log: true, training: true, factor: 1 })).toBeNull();
  });
  it("thinned to few points keep their lowest, their highest and both ends", () => {
    const kept = thinned(points, 200);
    expect(kept.length).toBeLessThanOrEqual(202);
    expect(kept.map((point) => point.epoch)).toEqual(expect.arrayContaining([1, 100, 2346, 5000]));
    expect(kept.map((point) => point.epoch)).toEqual([...kept.map((point) => point.epoch)].sort((a, b) => a - b));
  });
});

describe("learning rates", () => {
  const datum = (label: string, learningRate: number, score: number) => ({
    trialId: label,
    label,
    learningRate,
    cutShort: null,
    score,
    shade: 0,
  });
  it("have labels that can be read where lines end together", () => {
    const names = ["1×64", "2×128", "3×256", "3×16"];
    const data = names.flatMap((name, index) => [datum(name, 0.001, 3 + index), datum(name, 0.01, 2 + index / 1000)]);
    const ys = (ratesGeometry(data, frame)?.lines ?? []).map(({ labelY }) => labelY).sort((a, b) => a - b);
    expect(ys).toHaveLength(4);
    for (let index = 1; index < ys.length; index++) expect((ys[index] as number) - (ys[index - 1] as number)).toBeGreaterThanOrEqual(13.9);
    expect(ys.at(-1)).toBeLessThanOrEqual(frame.height - frame.bottom);
  });
});
