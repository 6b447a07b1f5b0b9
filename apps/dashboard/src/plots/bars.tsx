/** Two very small plots: a column's histogram, and an experiment's scores as a line. */
import { linePath } from "./path.ts";
import { extent } from "./scale.ts";

/** Counts of equal-width bins as bars. */
export function Histogram({
  counts,
  label,
  width = 120,
  height = 32,
}: {
  counts: readonly number[];
  label: string;
  width?: number;
  height?: number;
}) {
  const most = Math.max(1, ...counts);
  const step = width / Math.max(1, counts.length);
  const path = counts
    .map((count, index) =>
      count === 0
        ? ""
        : `M${(index * step).toFixed(2)} ${height}v-${Math.max(1, (count / most) * height).toFixed(2)}h${Math.max(0.5, step - 1).toFixed(2)}V${height}z`,
    )
    .join("");
  return (
    <svg
      className="histogram"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
      preserveAspectRatio="none"
    >
      <path d={path} />
      <path className="base" d={`M0 ${height - 0.5}H${width}`} />
    </svg>
  );
}

/** Scores in trial order, the lowest marked. */
export function Sparkline({
  values,
  label,
  width = 96,
  height = 26,
}: {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
}) {
  const range = extent(values);
  if (range === null || values.length < 2) return null;
  const span = range[1] - range[0] || 1;
  const points = values.map((value, index) => ({
    x: 4 + (index * (width - 8)) / (values.length - 1),
    y: 4 + ((range[1] - value) / span) * (height - 8),
  }));
  const best = points[values.indexOf(range[0])];
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
      <path d={linePath(points)} />
      {best !== undefined && <circle cx={best.x} cy={best.y} r={2.6} />}
    </svg>
  );
}
