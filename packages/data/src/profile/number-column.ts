/** Numbers and dates as read become a column with its profile, in the narrowest array that holds every value exactly. */
import type { ColumnProfile } from "@rightsize/core";
import { isGap, isoText, type NumberArray, type NumberColumn } from "../columns/column-table.ts";
import { countDistinct } from "./distinct.ts";

const binCount = 20;

/** `values` [rowCount], 0 at gaps; NaN and infinities count as values and are left out of the statistics. */
export function numberColumn(name: string, kind: "number" | "date", values: Float64Array, gaps: Uint8Array | null): NumberColumn {
  const gapAt = gaps === null ? null : (row: number) => isGap(gaps, row);
  let gapCount = 0;
  let notFiniteCount = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let whole = true;
  for (let row = 0; row < values.length; row++) {
    if (gapAt?.(row)) {
      gapCount++;
      continue;
    }
    const value = values[row] as number;
    if (value - value !== 0) {
      notFiniteCount++;
      continue;
    }
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    if (whole && Math.floor(value) !== value) whole = false;
    sum += value;
  }
  const count = values.length - gapCount - notFiniteCount;
  const mean = count > 0 ? sum / count : null;
  const histogram = new Array<number>(count > 0 && kind === "number" ? binCount : 0).fill(0);
  const width = (maximum - minimum) / binCount;
  let squares = 0;
  const centre = mean ?? 0;
  if (count > 0) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] as number;
      if (value - value !== 0 || gapAt?.(row)) continue;
      squares += (value - centre) * (value - centre);
      if (histogram.length > 0) {
        const bin = width > 0 ? Math.min(binCount - 1, Math.floor((value - minimum) / width)) : 0;
        histogram[bin] = (histogram[bin] as number) + 1;
      }
    }
  }
  const distinctCount = countDistinct(values, gapAt);
  const deviation = count > 0 ? Math.sqrt(squares / count) : null;
  const finite = (value: number | null) => (value === null || !Number.isFinite(value) ? null : value);
  const profile: ColumnProfile = {
    name,
    type: kind === "date" ? "date" : whole && count > 0 && notFiniteCount === 0 ? "integer" : "number",
    gapCount,
    distinctCount,
    minimum: count > 0 ? minimum : null,
    maximum: count > 0 ? maximum : null,
    mean: finite(mean),
    deviation: finite(deviation),
    histogram,
    examples: examplesOf(values, gapAt, kind),
    warnings: notFiniteCount > 0 ? [`not finite: ${notFiniteCount} values are NaN or infinite; as a feature they count as gaps`] : [],
  };
  return { kind: "numbers", profile, values: narrowed(values, whole && notFiniteCount === 0, minimum, maximum), gaps };
}

function examplesOf(values: Float64Array, gapAt: ((row: number) => boolean) | null, kind: "number" | "date"): string[] {
  const examples: string[] = [];
  for (let row = 0; row < Math.min(values.length, 1000) && examples.length < 5; row++) {
    if (gapAt?.(row)) continue;
    const value = values[row] as number;
    const text = kind === "date" ? isoText(value) : String(value);
    if (!examples.includes(text)) examples.push(text);
  }
  return examples;
}

function narrowed(values: Float64Array, whole: boolean, minimum: number, maximum: number): NumberArray {
  if (whole && minimum >= 0 && maximum <= 255) return Uint8Array.from(values);
  if (whole && minimum >= -32_768 && maximum <= 32_767) return Int16Array.from(values);
  if (whole && minimum >= -2_147_483_648 && maximum <= 2_147_483_647) return Int32Array.from(values);
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (Math.fround(value) !== value && !Number.isNaN(value)) return values;
  }
  return Float32Array.from(values);
}
