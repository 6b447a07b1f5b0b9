/** Axes: faint horizontal lines, tick texts, and a name for each axis. */
import type { Frame } from "./capacity-geometry.ts";
import { type Scale, tickTexts } from "./scale.ts";

export function Axes({ frame, x, y, xName, yName }: { frame: Frame; x: Scale; y: Scale; xName: string; yName: string }) {
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  const xTicks = x.ticks(Math.max(2, Math.floor((right - frame.left) / 70)));
  const yTicks = y.ticks(Math.max(2, Math.floor((bottom - frame.top) / 44)));
  const xTexts = tickTexts(xTicks);
  const yTexts = tickTexts(yTicks);
  return (
    <g className="axes">
      {yTicks.map((tick, index) => (
        <g key={tick}>
          <line className="grid" x1={frame.left} x2={right} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={frame.left - 8} y={y.at(tick)} dy="0.32em" textAnchor="end">
            {yTexts[index]}
          </text>
        </g>
      ))}
      <line className="base" x1={frame.left} x2={right} y1={bottom} y2={bottom} />
      {xTicks.map((tick, index) => (
        <g key={tick}>
          <line className="base" x1={x.at(tick)} x2={x.at(tick)} y1={bottom} y2={bottom + 4} />
          <text x={x.at(tick)} y={bottom + 17} textAnchor="middle">
            {xTexts[index]}
          </text>
        </g>
      ))}
      <text className="axis-name" x={right} y={frame.height - 4} textAnchor="end">
        {xName}
      </text>
      <text className="axis-name" x={0} y={11} textAnchor="start">
        {yName}
      </text>
    </g>
  );
}
