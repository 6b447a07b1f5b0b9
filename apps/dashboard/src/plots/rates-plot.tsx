/** Learning rates compared: validation score over learning rate, a line a trial; diverged runs stand at the top. */
import { useId, useMemo } from "react";
import { count, score } from "../format.ts";
import { Axes } from "./axes.tsx";
import type { Frame } from "./capacity-geometry.ts";
import { type RateDatum, ratesGeometry } from "./rates-geometry.ts";
import { useWidth } from "./use-width.ts";

export function RatesPlot({ data, metric }: { data: readonly RateDatum[]; metric: string }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const frame: Frame = { width, height: 280, left: 46, right: 62, top: 30, bottom: 44 };
  // The frame follows from the width alone.
  const geometry = useMemo(() => (width > 0 ? ratesGeometry(data, frame) : null), [data, width]);
  const diverged = data.some((datum) => datum.score === null);
  const short = data.find((datum) => datum.cutShort !== null)?.cutShort ?? null;
  return (
    <figure className="plot">
      <figcaption>
        <h2>Learning rates</h2>
        <p className="legend">
          {short !== null && <span className="key key-short">{epochsText(short)}, to choose the rate</span>}
          {short !== null && <span className="key">trained in full</span>}
          {diverged && <span className="key key-diverged">diverged</span>}
        </p>
      </figcaption>
      <div ref={box} className="plot-box" style={{ height: frame.height }}>
        {geometry !== null && (
          <svg width={width} height={frame.height} role="img" aria-labelledby={id}>
            <title id={id}>{summary(data, metric)}</title>
            <Axes frame={frame} x={geometry.x} y={geometry.y} xName="Learning rate" yName={metric} />
            {geometry.lines.map((line) => (
              <g key={line.trialId} className="curve" style={{ "--shade": line.shade } as React.CSSProperties}>
                <path className="curve-line" d={line.path} />
                <path className="curve-leader" d={`M${line.end.x + 5} ${line.end.y}L${width - frame.right + 8} ${line.labelY}`} />
                <text x={width - frame.right + 11} y={line.labelY} dy="0.32em">
                  {line.label}
                </text>
              </g>
            ))}
            {geometry.points.map(({ datum, x, y }) =>
              datum.score === null ? (
                <path
                  key={`${datum.trialId} ${datum.learningRate} ${x} ${y}`}
                  className="diverged-mark"
                  d={`M${x - 4} ${y - 4}l8 8M${x + 4} ${y - 4}l-8 8`}
                />
              ) : (
                <g
                  key={`${datum.trialId} ${datum.learningRate} ${x} ${y}`}
                  className="curve"
                  style={{ "--shade": datum.shade } as React.CSSProperties}
                >
                  <circle className={short !== null && datum.cutShort === null ? "curve-best whole" : "curve-best"} cx={x} cy={y} r={3.5} />
                </g>
              ),
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

const epochsText = (epochs: number) => (epochs === 1 ? "1 epoch" : `${count(epochs)} epochs`);

function summary(data: readonly RateDatum[], metric: string): string {
  const parts = data.map(
    ({ label, learningRate, cutShort, score: reached }) =>
      `${label} at ${learningRate}${cutShort === null ? "" : `, ${epochsText(cutShort)} only,`} ${reached === null ? "diverged" : score(reached)}`,
  );
  return `${metric} over learning rate: ${parts.join(", ")}.`;
}
