/** Where predictions stand against the truth: dots around the diagonal on two equal axes, in pixels. */
import type { PredictedPair } from "@rightsize/contract";
import type { Frame } from "./capacity-geometry.ts";
import { extent, linearScale, padded, type Scale } from "./scale.ts";

export interface PredictedGeometry {
  readonly x: Scale;
  readonly y: Scale;
  /** All dots as one path of points: thousands are one element. */
  readonly dots: string;
  readonly diagonal: string;
}

/** null without a pair. */
export function predictedGeometry(pairs: readonly PredictedPair[], frame: Frame): PredictedGeometry | null {
  const range = extent(pairs.flatMap(({ actual, predicted }) => [actual, predicted]));
  if (range === null) return null;
  const domain = padded(range, 0.04, "linear");
  const x = linearScale(domain, [frame.left, frame.width - frame.right]);
  const y = linearScale(domain, [frame.height - frame.bottom, frame.top]);
  const [low, high] = x.domain;
  return {
    x,
    y,
    dots: pairs.map(({ actual, predicted }) => `M${x.at(actual).toFixed(1)} ${y.at(predicted).toFixed(1)}h0`).join(""),
    diagonal: `M${x.at(low)} ${y.at(low)}L${x.at(high)} ${y.at(high)}`,
  };
}

/** The pair nearest to a pixel, within `reach` pixels. */
export function nearestPair(
  { x, y }: PredictedGeometry,
  pairs: readonly PredictedPair[],
  at: { x: number; y: number },
  reach: number,
): PredictedPair | null {
  let best: PredictedPair | null = null;
  let distance = reach;
  for (const pair of pairs) {
    const to = Math.hypot(x.at(pair.actual) - at.x, y.at(pair.predicted) - at.y);
    if (to > distance) continue;
    best = pair;
    distance = to;
  }
  return best;
}
