/** Where the learning curve over rows stands: validation loss over training rows, both on log scales, in pixels. */
import type { LearningCurvePoint } from "@rightsize/contract";
import type { Frame } from "./capacity-geometry.ts";
import { linePath } from "./path.ts";
import { extent, linearScale, logScale, padded, type Scale } from "./scale.ts";

export interface RowsGeometry {
  readonly x: Scale;
  readonly y: Scale;
  readonly line: string;
  /** `low` and `high` are null below two runs. */
  readonly points: readonly {
    readonly point: LearningCurvePoint;
    readonly x: number;
    readonly y: number;
    readonly low: number | null;
    readonly high: number | null;
  }[];
}

/** null before a point has a loss. A deviation is a fraction of its loss. */
export function rowsGeometry(points: readonly LearningCurvePoint[], frame: Frame): RowsGeometry | null {
  const trained = points.flatMap((point) =>
    point.validationLoss === null ? [] : [{ point, loss: point.validationLoss, spread: point.deviation ?? 0 }],
  );
  const rows = extent(trained.map(({ point }) => point.rows));
  const losses = extent(trained.flatMap(({ loss, spread }) => [loss * (1 - spread), loss * (1 + spread)]));
  if (rows === null || losses === null) return null;
  const x = logScale(padded(rows, 0.08, "log"), [frame.left, frame.width - frame.right]);
  const range = [frame.height - frame.bottom, frame.top] as const;
  const y = losses[0] > 0 ? logScale(padded(losses, 0.1, "log"), range) : linearScale(padded(losses, 0.1, "linear"), range);
  const placed = trained.map(({ point, loss, spread }) => ({
    point,
    x: x.at(point.rows),
    y: y.at(loss),
    low: point.deviation === null ? null : y.at(loss * (1 - spread)),
    high: point.deviation === null ? null : y.at(loss * (1 + spread)),
  }));
  return { x, y, line: linePath(placed), points: placed };
}
