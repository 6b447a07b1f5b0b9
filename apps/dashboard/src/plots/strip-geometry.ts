/** Where the strips of splits stand: each network's runs as dots on a line, with their mean and deviation, in pixels. */
import { extent, linearScale, padded, type Scale } from "./scale.ts";

export interface StripDatum {
  readonly label: string;
  readonly strong: boolean;
  /** One a run: its score, and what tells it from the others. */
  readonly dots: readonly { readonly score: number; readonly name: string }[];
}
export interface Strip {
  readonly datum: StripDatum;
  readonly y: number;
  readonly dots: readonly { readonly x: number; readonly y: number; readonly name: string; readonly score: number }[];
  readonly mean: number;
  /** Standard deviation with n − 1. */
  readonly deviation: number;
  readonly meanX: number;
  readonly low: number;
  readonly high: number;
}

export const stripHeight = 46;

/** Mean, and standard deviation with n − 1, of at least two scores. */
function spreadOf(scores: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { mean, deviation: Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1)) };
}

/** null without a network of two runs. Dots that would cover each other are moved apart across the strip. */
export function stripGeometry(
  data: readonly StripDatum[],
  left: number,
  right: number,
  top: number,
): { x: Scale; strips: readonly Strip[] } | null {
  const shown = data.filter((datum) => datum.dots.length > 1);
  // The bars of mean ± deviation may reach further than the dots.
  const range = extent(
    shown.flatMap(({ dots }) => {
      const { mean, deviation } = spreadOf(dots.map((dot) => dot.score));
      return [...dots.map((dot) => dot.score), mean - deviation, mean + deviation];
    }),
  );
  if (range === null) return null;
  const x = linearScale(padded(range, 0.06, "linear"), [left, right]);
  const strips = shown.map((datum, index): Strip => {
    const y = top + (index + 0.5) * stripHeight;
    const scores = datum.dots.map((dot) => dot.score);
    const { mean, deviation } = spreadOf(scores);
    const placed: { x: number; y: number; name: string; score: number }[] = [];
    for (const dot of [...datum.dots].sort((a, b) => a.score - b.score)) {
      const at = x.at(dot.score);
      const near = placed.filter((other) => at - other.x < 9).length;
      const side = near % 2 === 0 ? 1 : -1;
      placed.push({ ...dot, x: at, y: y + side * Math.min(14, Math.ceil(near / 2) * 7) });
    }
    return { datum, y, dots: placed, mean, deviation, meanX: x.at(mean), low: x.at(mean - deviation), high: x.at(mean + deviation) };
  });
  return { x, strips };
}
