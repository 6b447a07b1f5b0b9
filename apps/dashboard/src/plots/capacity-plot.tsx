/** Validation score over parameter count: the path that the search took, its intervals, and the best capacity so far. */
import { type PointerEvent, useId, useMemo } from "react";
import { count, score } from "../format.ts";
import { Axes } from "./axes.tsx";
import { type CapacityDatum, type CapacityPoint, capacityGeometry, type Frame, nearest, placeLabels } from "./capacity-geometry.ts";
import { linePath } from "./path.ts";
import { useWidth } from "./use-width.ts";

interface Props {
  readonly data: readonly CapacityDatum[];
  readonly metric: string;
  /** Whether the search is at its end: then the sides of the answer are named. */
  readonly done: boolean;
  readonly marked: number | null;
  readonly onMark: (number: number | null) => void;
}

export function CapacityPlot({ data, metric, done, marked, onMark }: Props) {
  const [box, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const frame: Frame = { width, height: 320, left: 46, right: 18, top: 26, bottom: 44 };
  // The frame follows from the width alone.
  const geometry = useMemo(() => (width > 0 ? capacityGeometry(data, frame) : null), [data, width]);
  const pointed = geometry?.points.find((point) => point.datum.number === marked) ?? null;
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (geometry === null) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    onMark(nearest(geometry.points, { x: event.clientX - bounds.left, y: event.clientY - bounds.top }, 28)?.datum.number ?? null);
  };
  return (
    <figure className="plot">
      <figcaption>
        <h2>Score over size</h2>
        <p className="legend">
          <span className="key key-validation">validation</span>
          {geometry !== null && geometry.trainingLine.length > 0 && <span className="key key-training">training</span>}
          <span className="key key-best">{done ? "the answer" : "best so far"}</span>
        </p>
      </figcaption>
      <div ref={box} className="plot-box" style={{ height: frame.height }}>
        {geometry === null ? (
          <p className="plot-empty">The first score appears here when a trial has been trained.</p>
        ) : (
          <svg width={width} height={frame.height} role="img" aria-labelledby={id} onPointerMove={move} onPointerLeave={() => onMark(null)}>
            <title id={id}>{summary(data, metric)}</title>
            {done && geometry.incumbent !== null && data.length > 2 && <Sides frame={frame} at={geometry.incumbent} />}
            <Axes frame={frame} x={geometry.x} y={geometry.y} xName="Parameters" yName={metric} />
            {done && geometry.incumbent !== null && data.length > 2 && <SideWords frame={frame} at={geometry.incumbent} />}
            <path className="training-line" d={linePath(geometry.trainingLine)} />
            {geometry.points.map(
              (point) =>
                point.trainingY !== null && (
                  <circle key={point.datum.number} className="training-point" cx={point.x} cy={point.trainingY} r={2.5} />
                ),
            )}
            {geometry.arrows.map((arrow) => (
              <g key={arrow.path} className="path-arrow">
                <path d={arrow.path} />
                <path
                  className="head"
                  d="M-6 -3.4L0 0L-6 3.4"
                  transform={`translate(${arrow.tip.x} ${arrow.tip.y}) rotate(${arrow.angle})`}
                />
              </g>
            ))}
            {geometry.points.map((point) => (
              <Mark key={point.datum.number} point={point} pointed={point === pointed} />
            ))}
            {placeLabels(geometry.points, width).map(({ point, x, y, anchor }) => (
              <text key={point.datum.number} className="point-label" x={x} y={y} textAnchor={anchor}>
                {point.datum.label}
              </text>
            ))}
            {pointed !== null && <Tip point={pointed} width={width} />}
          </svg>
        )}
      </div>
    </figure>
  );
}

function Mark({ point, pointed }: { point: CapacityPoint; pointed: boolean }) {
  const { datum, interval } = point;
  return (
    <g className={`point${datum.incumbent ? " incumbent" : ""}${pointed ? " pointed" : ""}`}>
      {interval !== null && (
        <path
          className="interval"
          d={`M${point.x} ${interval.low}V${interval.high}M${point.x - 4} ${interval.low}h8M${point.x - 4} ${interval.high}h8`}
        />
      )}
      {datum.incumbent && <circle className="halo" cx={point.x} cy={point.y} r={9} />}
      <circle cx={point.x} cy={point.y} r={pointed ? 6 : 4.5} />
    </g>
  );
}

/** Left of the answer networks are too small, right of it bigger ones no longer help. */
function Sides({ frame, at }: { frame: Frame; at: CapacityPoint }) {
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  return (
    <g className="sides">
      <rect x={frame.left} y={frame.top} width={Math.max(0, at.x - frame.left)} height={bottom - frame.top} className="too-small" />
      <rect x={at.x} y={frame.top} width={Math.max(0, right - at.x)} height={bottom - frame.top} className="too-large" />
    </g>
  );
}

/** Above the grid's lines, which would strike them through. */
function SideWords({ frame, at }: { frame: Frame; at: CapacityPoint }) {
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  return (
    <g className="sides">
      {at.x - frame.left > 76 && (
        <text x={frame.left + 8} y={bottom - 9}>
          too small
        </text>
      )}
      {right - at.x > 130 && (
        <text x={right - 8} y={bottom - 9} textAnchor="end">
          larger, no better
        </text>
      )}
    </g>
  );
}

function Tip({ point, width }: { point: CapacityPoint; width: number }) {
  const { datum } = point;
  const lines = [
    `Trial ${datum.number}: ${datum.label}`,
    `${score(datum.score)}${datum.deviation === null ? "" : ` ± ${score(datum.deviation)}`}`,
    `${count(datum.parameterCount)} parameters`,
  ];
  const x = Math.min(Math.max(point.x - 80, 4), Math.max(4, width - 164));
  const y = point.y > 110 ? point.y - 82 : point.y + 16;
  return (
    <g className="tip" transform={`translate(${x} ${y})`}>
      <rect width={160} height={64} rx={4} />
      {lines.map((line, index) => (
        <text key={line} x={10} y={19 + index * 18} className={index === 0 ? "tip-title" : undefined}>
          {line}
        </text>
      ))}
    </g>
  );
}

function summary(data: readonly CapacityDatum[], metric: string): string {
  const best = data.find((datum) => datum.incumbent);
  const path = data.map((datum) => `${datum.label} ${score(datum.score)}`).join(", ");
  return `${metric} over parameter count, trial by trial: ${path}.${best === undefined ? "" : ` Best: ${best.label}.`}`;
}
