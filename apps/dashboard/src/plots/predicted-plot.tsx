/** Predicted against actual, one dot a row; the diagonal is a perfect prediction. */
import type { PredictedPair } from "@rightsize/contract";
import { type PointerEvent, useId, useMemo, useState } from "react";
import { count, plain } from "../format.ts";
import { Axes } from "./axes.tsx";
import type { Frame } from "./capacity-geometry.ts";
import { nearestPair, predictedGeometry } from "./predicted-geometry.ts";
import { useWidth } from "./use-width.ts";

export function PredictedPlot({ pairs, target, evaluated }: { pairs: readonly PredictedPair[]; target: string; evaluated: number }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const [pointed, setPointed] = useState<PredictedPair | null>(null);
  const frame: Frame = { width, height: 340, left: 56, right: 12, top: 26, bottom: 44 };
  // The frame follows from the width alone.
  const geometry = useMemo(() => (width > 0 ? predictedGeometry(pairs, frame) : null), [pairs, width]);
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (geometry === null) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    setPointed(nearestPair(geometry, pairs, { x: event.clientX - bounds.left, y: event.clientY - bounds.top }, 14));
  };
  return (
    <figure className="plot">
      <figcaption>
        <h3>Predicted against actual</h3>
        <p className="legend">
          {pairs.length < evaluated ? `${count(pairs.length)} of ${count(evaluated)} rows` : `${count(evaluated)} rows`}
        </p>
      </figcaption>
      <div ref={box} className="plot-box" style={{ height: frame.height }}>
        {geometry !== null && (
          <svg
            width={width}
            height={frame.height}
            role="img"
            aria-labelledby={id}
            onPointerMove={move}
            onPointerLeave={() => setPointed(null)}
          >
            <title
              id={id}
            >{`Predicted against actual ${target} of ${count(pairs.length)} rows, around the diagonal of perfect predictions`}</title>
            <Axes frame={frame} x={geometry.x} y={geometry.y} xName={`Actual ${target}`} yName="Predicted" />
            <path className="diagonal" d={geometry.diagonal} />
            <path className="pair-dots" d={geometry.dots} />
            {pointed !== null && (
              <PairTip pair={pointed} x={geometry.x.at(pointed.actual)} y={geometry.y.at(pointed.predicted)} width={width} />
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

function PairTip({ pair, x, y, width }: { pair: PredictedPair; x: number; y: number; width: number }) {
  return (
    <>
      <circle className="pair-pointed" cx={x} cy={y} r={5} />
      <g className="tip" transform={`translate(${Math.min(Math.max(x - 75, 4), Math.max(4, width - 154))} ${y > 100 ? y - 78 : y + 14})`}>
        <rect width={150} height={64} rx={4} />
        <text className="tip-title" x={10} y={19}>
          Row {count(pair.row + 1)}
        </text>
        <text x={10} y={37}>
          actual {plain(pair.actual)}
        </text>
        <text x={10} y={55}>
          predicted {plain(pair.predicted)}
        </text>
      </g>
    </>
  );
}
