/** Where the learning-rate comparison stands: each run's validation score over its learning rate, a line a trial (of its short probes, where it has any). */
import type { Frame } from "./capacity-geometry.ts";
import { linePath, spread } from "./path.ts";
import { extent, linearScale, logScale, padded, type Scale } from "./scale.ts";

export interface RateDatum {
  readonly trialId: string;
  readonly label: string;
  readonly learningRate: number;
  /** Epochs after which the run was cut short; null: it was trained in full. */
  readonly cutShort: number | null;
  /** null: the run diverged. */
  readonly score: number | null;
  readonly shade: number;
}

export interface RatesGeometry {
  readonly x: Scale;
  readonly y: Scale;
  readonly lines: readonly {
    readonly trialId: string;
    readonly label: string;
    readonly shade: number;
    readonly path: string;
    readonly end: { readonly x: number; readonly y: number };
    /** Where its label stands, apart from the others'. */
    readonly labelY: number;
  }[];
  /** Diverged runs stand on the frame's top edge. */
  readonly points: readonly { readonly datum: RateDatum; readonly x: number; readonly y: number }[];
}

/** null where no trial has runs of two learning rates. */
export function ratesGeometry(data: readonly RateDatum[], frame: Frame): RatesGeometry | null {
  const rates = extent(data.map((datum) => datum.learningRate));
  const scores = extent(data.flatMap((datum) => (datum.score === null ? [] : [datum.score])));
  if (rates === null || scores === null || rates[0] === rates[1]) return null;
  const kind = scores[0] > 0 && scores[1] / scores[0] > 8 ? "log" : "linear";
  const x = logScale(padded(rates, 0.08, "log"), [frame.left, frame.width - frame.right]);
  const range = [frame.height - frame.bottom, frame.top + 14] as const;
  const y = kind === "log" ? logScale(padded(scores, 0.08, "log"), range) : linearScale(padded(scores, 0.1, "linear"), range);
  const points = data.map((datum) => ({ datum, x: x.at(datum.learningRate), y: datum.score === null ? frame.top : y.at(datum.score) }));
  const trials = new Map(data.map((datum) => [datum.trialId, datum]));
  const lines = [...trials.values()].map(({ trialId, label, shade }) => {
    const scored = points.filter((point) => point.datum.trialId === trialId && point.datum.score !== null);
    // Scores after a few epochs and after all of them are joined by no line.
    const short = scored.filter((point) => point.datum.cutShort !== null);
    const own = (short.length > 0 ? short : scored).sort((a, b) => a.x - b.x);
    return { trialId, label, shade, path: linePath(own), end: own.at(-1) ?? { x: frame.left, y: frame.top } };
  });
  const labels = spread(
    lines.map(({ end }) => end.y),
    14,
    frame.top + 4,
    frame.height - frame.bottom,
  );
  return {
    x,
    y,
    lines: lines.map(({ end, ...line }, index) => ({ ...line, end: { x: end.x, y: end.y }, labelY: labels[index] ?? end.y })),
    points,
  };
}
