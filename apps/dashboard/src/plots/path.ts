/** SVG path text from points. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

const number = (value: number) => String(Math.round(value * 100) / 100);

/** Straight lines through the points; a point that isn't finite breaks the line. */
export function linePath(points: readonly Point[]): string {
  let path = "";
  let pen = "M";
  for (const { x, y } of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = "M";
      continue;
    }
    path += `${pen}${number(x)} ${number(y)}`;
    pen = "L";
  }
  return path;
}

/** A gentle arc from one point to another that stops short of both by `gap` pixels; null when they are too near for an arrow. */
export function arcPath(
  from: Point,
  to: Point,
  gap: number,
  bend: number,
): { readonly path: string; readonly angle: number; readonly tip: Point } | null {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy);
  if (length < gap * 2 + 6) return null;
  const middle = { x: (from.x + to.x) / 2 - (dy / length) * bend * length, y: (from.y + to.y) / 2 + (dx / length) * bend * length };
  const toward = (a: Point, b: Point): Point => {
    const distance = Math.hypot(b.x - a.x, b.y - a.y);
    return { x: a.x + ((b.x - a.x) / distance) * gap, y: a.y + ((b.y - a.y) / distance) * gap };
  };
  const start = toward(from, middle);
  const tip = toward(to, middle);
  const angle = (Math.atan2(to.y - middle.y, to.x - middle.x) * 180) / Math.PI;
  return {
    path: `M${number(start.x)} ${number(start.y)}Q${number(middle.x)} ${number(middle.y)} ${number(tip.x)} ${number(tip.y)}`,
    angle,
    tip,
  };
}

/** Moves labels apart vertically until neighbours keep `distance` pixels, staying inside [top, bottom] where they fit. Order of the answer is the order given. */
export function spread(wanted: readonly number[], distance: number, top: number, bottom: number): number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  let floor = top;
  for (const label of order) {
    label.y = Math.max(label.y, floor);
    floor = label.y + distance;
  }
  let ceiling = bottom;
  for (const label of order.toReversed()) {
    label.y = Math.min(label.y, ceiling);
    ceiling = label.y - distance;
  }
  const placed: number[] = [];
  for (const label of order) placed[label.index] = label.y;
  return placed;
}
