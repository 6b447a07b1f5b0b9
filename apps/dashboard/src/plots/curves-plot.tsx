/** Learning curves of the trials together: validation loss over epochs, each trial's best epoch marked. */

import type { Metrics } from "@rightsize/core";
import { type PointerEvent, useId, useMemo, useState } from "react";
import { score } from "../format.ts";
import type { CurveMeasure } from "../plot-data.ts";
import { isGoodHigh, metricText } from "../scores.ts";
import { Axes } from "./axes.tsx";
import type { Frame } from "./capacity-geometry.ts";
import { type Curve, curvesGeometry } from "./curves-geometry.ts";
import { useWidth } from "./use-width.ts";

interface Props {
  readonly curves: readonly Curve[];
  readonly yName: string;
  /** Brings losses to the unit shown. */
  readonly factor: number;
  /** Instead of the loss a metric may be shown; these are there. */
  readonly metrics: readonly (keyof Metrics)[];
  readonly measure: CurveMeasure;
  readonly onMeasure: (measure: CurveMeasure) => void;
  readonly marked: string | null;
  readonly onMark: (id: string | null) => void;
}

export function CurvesPlot({ curves, yName, factor, metrics, measure, onMeasure, marked, onMark }: Props) {
  const isLoss = measure === "loss";
  const goodHigh = !isLoss && isGoodHigh(measure);
  const [box, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const [log, setLog] = useState(true);
  const [training, setTraining] = useState(false);
  const [epoch, setEpoch] = useState<number | null>(null);
  const frame: Frame = { width, height: 320, left: 46, right: 62, top: 26, bottom: 44 };
  const geometry = useMemo(
    () => (width > 0 ? curvesGeometry(curves, frame, { log: log && isLoss, training: training && isLoss, factor, goodHigh }) : null),
    // The frame follows from the width alone.
    [curves, width, log, training, factor, isLoss, goodHigh],
  );
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (geometry === null) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - bounds.left;
    const y = event.clientY - bounds.top;
    const at = Math.round(geometry.x.invert(x));
    setEpoch(at >= 1 && at <= geometry.x.domain[1] ? at : null);
    let best: { id: string; distance: number } | null = null;
    for (const { curve } of geometry.curves) {
      const point = curve.points.find((candidate) => candidate.epoch === at) ?? curve.points.at(-1);
      if (point === undefined) continue;
      const distance = Math.abs(geometry.y.at(point.validationLoss * factor) - y);
      if (distance < 30 && (best === null || distance < best.distance)) best = { id: curve.id, distance };
    }
    onMark(best?.id ?? null);
  };
  const leave = () => {
    setEpoch(null);
    onMark(null);
  };
  const pointed = geometry?.curves.find((drawn) => drawn.curve.id === marked);
  const point = epoch === null ? undefined : pointed?.curve.points.find((candidate) => candidate.epoch === epoch);
  return (
    <figure className="plot">
      <figcaption>
        <h2>Learning curves</h2>
        <p className="legend">
          {metrics.length > 0 && (
            <select
              className="small-select"
              aria-label="What the curves show"
              value={measure}
              onChange={(event) => onMeasure(event.target.value as CurveMeasure)}
            >
              <option value="loss">Validation loss</option>
              {metrics.map((name) => (
                <option key={name} value={name}>
                  {metricText(name)}
                </option>
              ))}
            </select>
          )}
          <label className="check" hidden={!isLoss}>
            <input type="checkbox" checked={training} onChange={(event) => setTraining(event.target.checked)} /> training too
          </label>
          <label className="check" hidden={!isLoss}>
            <input type="checkbox" checked={log} onChange={(event) => setLog(event.target.checked)} /> log scale
          </label>
        </p>
      </figcaption>
      <div ref={box} className="plot-box" style={{ height: frame.height }}>
        {geometry === null ? (
          <p className="plot-empty">Curves grow here, epoch by epoch.</p>
        ) : (
          <svg width={width} height={frame.height} role="img" aria-labelledby={id} onPointerMove={move} onPointerLeave={leave}>
            <title id={id}>
              {summary(
                isLoss ? "Validation loss" : yName,
                geometry.curves.map((drawn) => ({ label: drawn.curve.label, best: drawn.best })),
              )}
            </title>
            <Axes frame={frame} x={geometry.x} y={geometry.y} xName="Epochs" yName={yName} />
            {geometry.curves.map(({ curve, validationPath, trainingPath, best, end, labelY }) => {
              const faded = marked !== null && curve.id !== marked && geometry.curves.some((other) => other.curve.id === marked);
              return (
                <g
                  key={curve.id}
                  className={`curve${curve.strong ? " strong" : ""}${curve.id === marked ? " marked" : ""}${faded ? " faded" : ""}`}
                  style={{ "--shade": curve.shade } as React.CSSProperties}
                >
                  {trainingPath !== "" && <path className="curve-training" d={trainingPath} />}
                  <path className="curve-line" d={validationPath} />
                  {best !== null && <circle className="curve-best" cx={best.x} cy={best.y} r={3} />}
                  <path className="curve-leader" d={`M${end.x + 3} ${end.y}L${width - frame.right + 8} ${labelY}`} />
                  <text x={width - frame.right + 11} y={labelY} dy="0.32em">
                    {curve.label}
                  </text>
                </g>
              );
            })}
            {point !== undefined && pointed !== undefined && (
              <g className="tip" transform={`translate(${Math.min(geometry.x.at(point.epoch) + 10, width - 172)} ${frame.top + 6})`}>
                <rect width={164} height={64} rx={4} />
                <text className="tip-title" x={10} y={19}>
                  {pointed.curve.label}, epoch {point.epoch}
                </text>
                <text x={10} y={37}>
                  validation {score(point.validationLoss * factor)}
                </text>
                {isLoss && (
                  <text x={10} y={55}>
                    training {score(point.trainingLoss * factor)}
                  </text>
                )}
              </g>
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

function summary(
  yName: string,
  curves: readonly { readonly label: string; readonly best: { readonly epoch: number; readonly loss: number } | null }[],
): string {
  const parts = curves.map(({ label, best }) => (best === null ? label : `${label} best ${score(best.loss)} at epoch ${best.epoch}`));
  return `${yName} over epochs: ${parts.join("; ")}.`;
}
