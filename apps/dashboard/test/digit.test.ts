/** What was drawn, as the network sees it: fitted, centred by its weight, a pixel a column. */
import { describe, expect, it } from "vitest";
import { centred, inkBox, pixelRow } from "../src/digit.ts";
import { nearestPair, predictedGeometry } from "../src/plots/predicted-geometry.ts";

/** A bright rectangle on a black square of 280. */
function drawing(x: number, y: number, width: number, height: number) {
  const pixels = new Uint8Array(280 * 280);
  for (let row = y; row < y + height; row++) pixels.fill(255, row * 280 + x, row * 280 + x + width);
  return { width: 280, height: 280, pixels };
}

describe("a drawing", () => {
  it("is fitted into 20 of 28 parts, its weight in the middle, wherever it was drawn", () => {
    const corner = centred(drawing(10, 20, 40, 100), 28, 28);
    const elsewhere = centred(drawing(200, 150, 40, 100), 28, 28);
    expect(corner).toEqual(elsewhere);
    expect(inkBox({ width: 28, height: 28, pixels: corner ?? new Uint8Array() })).toEqual({ x: 10, y: 4, width: 8, height: 20 });
  });

  it("is nothing when nothing was drawn", () => {
    expect(centred(drawing(0, 0, 0, 0), 28, 28)).toBeNull();
  });

  it("goes to the network as a column a pixel, without those that it doesn't use", () => {
    expect(pixelRow([7, 8, 9], ["p0", "p2", "label"])).toEqual({ p0: 7, p2: 9 });
  });
});

describe("predicted against actual", () => {
  const frame = { width: 300, height: 300, left: 50, right: 0, top: 0, bottom: 50 };
  const pairs = [
    { row: 0, actual: 0, predicted: 0 },
    { row: 9, actual: 10, predicted: 5 },
  ];
  it("has one scale on both axes, so that the diagonal is right", () => {
    const geometry = predictedGeometry(pairs, frame);
    expect(geometry?.x.domain).toEqual(geometry?.y.domain);
    expect(geometry?.dots.match(/M/g)).toHaveLength(2);
    expect(predictedGeometry([], frame)).toBeNull();
  });
  it("finds the row under the pointer", () => {
    const geometry = predictedGeometry(pairs, frame);
    if (geometry === null) throw new Error("no geometry");
    expect(nearestPair(geometry, pairs, { x: geometry.x.at(10) + 3, y: geometry.y.at(5) }, 10)?.row).toBe(9);
    expect(nearestPair(geometry, pairs, { x: geometry.x.at(5), y: geometry.y.at(9) }, 10)).toBeNull();
  });
});
