/** Where everything of the capacity plot stands: validation score over parameter count, in pixels. */
import { arcPath, type Point } from "./path.ts";
import { extent, linearScale, logScale, padded, type Scale } from "./scale.ts";

export interface CapacityDatum {
  readonly number: number;
  readonly label: string;
  readonly parameterCount: number;
  readonly score: number;
  /** Standard deviation over runs; null below two runs. */
  readonly deviation: number | null;
  readonly trainingScore: number | null;
  readonly incumbent: boolean;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface CapacityPoint extends Point {
  readonly datum: CapacityDatum;
  /** Ends of the interval score ± deviation; null without one. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly trainingY: number | null;
}

export interface CapacityGeometry {
  readonly x: Scale;
  readonly y: Scale;
  /** In trial order. */
  readonly points: readonly CapacityPoint[];
  readonly arrows: readonly { readonly path: string; readonly angle: number; readonly tip: Point }[];
  /** Training scores over parameter count, ascending. */
  readonly trainingLine: readonly Point[];
  readonly incumbent: CapacityPoint | null;
}

/** null where no trial has a score yet. */
export function capacityGeometry(data: readonly CapacityDatum[], frame: Frame): CapacityGeometry | null {
  const counts = extent(data.map((datum) => datum.parameterCount));
  const scores = extent(
    data.flatMap((datum) => [
      datum.score - (datum.deviation ?? 0),
      datum.score + (datum.deviation ?? 0),
      ...(datum.trainingScore === null ? [] : [datum.trainingScore]),
    ]),
  );
  if (counts === null || scores === null) return null;
  // A score a hundred times worse than the rest (a diverging rung) would flatten all others on a linear scale.
  const kind = scores[0] > 0 && scores[1] / scores[0] > 20 ? "log" : "linear";
  const x = logScale(padded(counts, 0.08, "log"), [frame.left, frame.width - frame.right]);
  const range = [frame.height - frame.bottom, frame.top] as const;
  const y = kind === "log" ? logScale(padded(scores, 0.12, "log"), range) : linearScale(padded(scores, 0.14, "linear"), range);
  const points = data.map(
    (datum): CapacityPoint => ({
      datum,
      x: x.at(datum.parameterCount),
      y: y.at(datum.score),
      interval: datum.deviation === null ? null : { low: y.at(datum.score - datum.deviation), high: y.at(datum.score + datum.deviation) },
      trainingY: datum.trainingScore === null ? null : y.at(datum.trainingScore),
    }),
  );
  const arrows = points.slice(1).flatMap((point, index) => {
    const from = points[index];
    const arc = from === undefined ? null : arcPath(from, point, 9, point.x >= from.x ? -0.12 : 0.12);
    return arc === null ? [] : [arc];
  });
  const trainingLine = points
    .flatMap((point) => (point.trainingY === null ? [] : [{ x: point.x, y: point.trainingY }]))
    .sort((a, b) => a.x - b.x);
  return { x, y, points, arrows, trainingLine, incumbent: points.find((point) => point.datum.incumbent) ?? null };
}

/** The point nearest to a pixel, within `reach` pixels. */
export function nearest(points: readonly CapacityPoint[], at: Point, reach: number): CapacityPoint | null {
  let best: CapacityPoint | null = null;
  let distance = reach;
  for (const point of points) {
    const to = Math.hypot(point.x - at.x, point.y - at.y);
    if (to <= distance) {
      best = point;
      distance = to;
    }
  }
  return best;
}

export interface PlacedLabel {
  readonly point: CapacityPoint;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
}

/**
 * Labels beside their points, away from the arrow that comes in: below where the path comes from above, else above. A label that would
 * touch one that is placed tries the other side, and is left out where both are taken. The incumbent's comes first.
 */
export function placeLabels(points: readonly CapacityPoint[], width: number): readonly PlacedLabel[] {
  const placed: PlacedLabel[] = [];
  const order = points
    .map((point, index) => ({ point, index }))
    .sort((a, b) => Number(b.point.datum.incumbent) - Number(a.point.datum.incumbent));
  for (const { point, index } of order) {
    const before = points[index - 1];
    const below = before !== undefined && before.y < point.y - 2;
    const anchor = point.x > width - 44 ? "end" : point.x < 70 ? "start" : "middle";
    const sides = [below, !below].map((under) => point.y + (under ? 22 : -13));
    const free = (y: number) =>
      placed.every((label) => Math.abs(label.x - point.x) > 44 || Math.abs(label.y - y) > 13) &&
      points.every((other) => other === point || Math.abs(other.x - point.x) > 26 || Math.abs(other.y - (y - 4)) > 11);
    const y = sides.find(free);
    if (y !== undefined) placed.push({ point, x: point.x, y, anchor });
  }
  return placed;
}
