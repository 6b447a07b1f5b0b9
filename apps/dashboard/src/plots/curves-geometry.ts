/** Where the learning curves stand: validation loss over epochs for several runs together, in pixels. */
import type { Frame } from "./capacity-geometry.ts";
import { linePath, spread } from "./path.ts";
import { extent, linearScale, logScale, padded, type Scale } from "./scale.ts";

export interface CurvePoint {
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
}

export interface Curve {
  readonly id: string;
  readonly label: string;
  readonly points: readonly CurvePoint[];
  /** 0 is the first trial, 1 the last: the place on the colour ramp. */
  readonly shade: number;
  readonly strong: boolean;
}

export interface DrawnCurve {
  readonly curve: Curve;
  readonly validationPath: string;
  readonly trainingPath: string;
  /** The lowest validation loss; the highest value where more is better. */
  readonly best: { readonly x: number; readonly y: number; readonly epoch: number; readonly loss: number } | null;
  readonly end: { readonly x: number; readonly y: number };
  readonly labelY: number;
}

export interface CurvesGeometry {
  readonly x: Scale;
  readonly y: Scale;
  readonly curves: readonly DrawnCurve[];
}

/** null where no curve has an epoch. `factor` brings losses to the unit shown. */
export function curvesGeometry(
  curves: readonly Curve[],
  frame: Frame,
  options: { readonly log: boolean; readonly training: boolean; readonly factor: number; readonly goodHigh?: boolean },
): CurvesGeometry | null {
  const drawn = curves.filter((curve) => curve.points.length > 0);
  const losses = extent(
    drawn.flatMap((curve) =>
      curve.points.flatMap((point) =>
        (options.training ? [point.validationLoss, point.trainingLoss] : [point.validationLoss]).map((loss) => loss * options.factor),
      ),
    ),
  );
  if (losses === null) return null;
  const log = options.log && losses[0] > 0;
  const lastEpoch = Math.max(...drawn.map((curve) => curve.points.at(-1)?.epoch ?? 1));
  // Where one curve is far longer than most, a log scale of epochs leaves the others room.
  const ends = drawn.map((curve) => curve.points.at(-1)?.epoch ?? 1).sort((a, b) => a - b);
  const spreadOut = options.log && lastEpoch > 2.5 * (ends[Math.floor(ends.length / 2)] ?? lastEpoch);
  const x = (spreadOut ? logScale : linearScale)([1, Math.max(2, lastEpoch)], [frame.left, frame.width - frame.right]);
  const range = [frame.height - frame.bottom, frame.top] as const;
  const y = log ? logScale(padded(losses, 0.06, "log"), range) : linearScale(padded(losses, 0.06, "linear"), range);
  const path = (points: readonly CurvePoint[], loss: (point: CurvePoint) => number) =>
    linePath(points.map((point) => ({ x: x.at(point.epoch), y: y.at(loss(point) * options.factor) })));
  const tips = drawn.map((curve) => {
    const last = curve.points.at(-1);
    return { x: x.at(last?.epoch ?? 1), y: y.at((last?.validationLoss ?? 0) * options.factor) };
  });
  const labels = spread(
    tips.map((tip) => tip.y),
    14,
    frame.top + 4,
    frame.height - frame.bottom,
  );
  return {
    x,
    y,
    curves: drawn.map((curve, index) => {
      const best = curve.points.reduce<CurvePoint | null>(
        (found, point) =>
          found === null || (options.goodHigh ? point.validationLoss > found.validationLoss : point.validationLoss < found.validationLoss)
            ? point
            : found,
        null,
      );
      return {
        curve,
        validationPath: path(curve.points, (point) => point.validationLoss),
        trainingPath: options.training ? path(curve.points, (point) => point.trainingLoss) : "",
        best:
          best === null
            ? null
            : {
                x: x.at(best.epoch),
                y: y.at(best.validationLoss * options.factor),
                epoch: best.epoch,
                loss: best.validationLoss * options.factor,
              },
        end: tips[index] ?? { x: 0, y: 0 },
        labelY: labels[index] ?? 0,
      };
    }),
  };
}

/** At most `most` points that keep each bucket's smallest and largest validation loss, so that no peak is lost. */
export function thinned(points: readonly CurvePoint[], most: number): readonly CurvePoint[] {
  if (points.length <= most) return points;
  const buckets = Math.max(1, Math.floor((most - 2) / 2));
  const kept: CurvePoint[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = Math.floor((bucket * points.length) / buckets);
    const to = Math.floor(((bucket + 1) * points.length) / buckets);
    let low = from;
    let high = from;
    for (let index = from; index < to; index++) {
      const loss = points[index]?.validationLoss ?? 0;
      if (loss < (points[low]?.validationLoss ?? 0)) low = index;
      if (loss > (points[high]?.validationLoss ?? 0)) high = index;
    }
    for (const index of low < high ? [low, high] : low > high ? [high, low] : [low]) {
      const point = points[index];
      if (point !== undefined) kept.push(point);
    }
  }
  const first = points[0];
  const last = points.at(-1);
  if (first !== undefined && kept[0] !== first) kept.unshift(first);
  if (last !== undefined && kept.at(-1) !== last) kept.push(last);
  return kept;
}
