/** What was drawn, brought to the form that images of handwriting have: fitted into the middle, its weight in the centre. */

export interface Grey {
  readonly width: number;
  readonly height: number;
  /** 0–255, row by row. */
  readonly pixels: Uint8Array;
}

/** The smallest rectangle that holds everything brighter than `least`; null where there is nothing. */
export function inkBox({ width, height, pixels }: Grey, least = 20): { x: number; y: number; width: number; height: number } | null {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((pixels[y * width + x] ?? 0) <= least) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * The drawing in an image of `width` × `height`, as MNIST was made: its box fitted into 20 of 28 parts, its centre of mass in the middle.
 * Each pixel is the mean of what it covers. null for an empty drawing.
 */
export function centred(drawing: Grey, width: number, height: number): Uint8Array | null {
  const box = inkBox(drawing);
  if (box === null) return null;
  const scale = Math.max(box.width / (width * (20 / 28)), box.height / (height * (20 / 28)));
  let mass = 0;
  let centreX = 0;
  let centreY = 0;
  for (let y = 0; y < drawing.height; y++) {
    for (let x = 0; x < drawing.width; x++) {
      const ink = drawing.pixels[y * drawing.width + x] ?? 0;
      mass += ink;
      centreX += ink * (x + 0.5);
      centreY += ink * (y + 0.5);
    }
  }
  const fromX = centreX / mass - (width / 2) * scale;
  const fromY = centreY / mass - (height / 2) * scale;
  const image = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) image[y * width + x] = meanOf(drawing, fromX + x * scale, fromY + y * scale, scale);
  return image;
}

/** Mean of a square of the drawing, sampled at up to 8 × 8 places; outside it is black. */
function meanOf({ width, height, pixels }: Grey, left: number, top: number, side: number): number {
  const samples = Math.max(1, Math.min(8, Math.ceil(side)));
  let sum = 0;
  for (let row = 0; row < samples; row++) {
    for (let column = 0; column < samples; column++) {
      const x = Math.floor(left + ((column + 0.5) * side) / samples);
      const y = Math.floor(top + ((row + 0.5) * side) / samples);
      if (x >= 0 && y >= 0 && x < width && y < height) sum += pixels[y * width + x] ?? 0;
    }
  }
  return Math.round(sum / samples ** 2);
}

/** The row that `predict` takes: a column a pixel, as the table of images has them. */
export function pixelRow(pixels: ArrayLike<number>, columns: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    columns.flatMap((name) => {
      const pixel = /^p(\d+)$/.exec(name)?.[1];
      return pixel === undefined ? [] : [[name, pixels[Number(pixel)] ?? 0]];
    }),
  );
}
