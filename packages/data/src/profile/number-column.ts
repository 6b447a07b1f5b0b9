/** Numbers and dates as read become a column with its profile, in the narrowest array that holds every value exactly. */
import type { ColumnProfile } from "@rightsize/core";
import { isGap, isoText, type NumberArray, type NumberColumn } from "../columns/column-table.ts";
import { countDistinct } from "./distinct.ts";

const binCount = 20;

/** `values` [rowCount], 0 at gaps; NaN and infinities count as values and are left out of the statistics. */
export function numberColumn(name: string, kind: "number" | "date", values: Float64Array, gaps: Uint8Array | null): NumberColumn {
  const range = rangeOf(values, gaps);
  const { count, minimum, maximum, notFiniteCount } = range;
  const mean = count > 0 ? range.sum / count : null;
  const { squares, histogram } = spreadOf(values, gaps, range, mean ?? 0, kind === "number");
  const whole = range.whole && count > 0 && notFiniteCount === 0;
  const profile: ColumnProfile = {
    name,
    type: kind === "date" ? "date" : whole ? "integer" : "number",
    gapCount: range.gapCount,
    distinctCount: countDistinct(values, gaps),
    minimum: count > 0 ? minimum : null,
    maximum: count > 0 ? maximum : null,
    mean: finiteOrNull(mean),
    deviation: finiteOrNull(count > 0 ? Math.sqrt(squares / count) : null),
    histogram,
    examples: examplesOf(values, gaps, kind),
    warnings: notFiniteCount > 0 ? [`not finite: ${notFiniteCount} values are NaN or infinite; as a feature they count as gaps`] : [],
  };
  return { kind: "numbers", profile, values: narrowed(values, range), gaps };
}

const finiteOrNull = (value: number | null) => (value === null || !Number.isFinite(value) ? null : value);

interface Range {
  readonly count: number;
  readonly gapCount: number;
  readonly notFiniteCount: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly sum: number;
  /** Whether every finite value is a whole number, and whether float32 holds every one exactly. */
  readonly whole: boolean;
  readonly single: boolean;
}

function rangeOf(values: Float64Array, gaps: Uint8Array | null): Range {
  let gapCount = 0;
  let notFiniteCount = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let whole = true;
  let single = true;
  for (let row = 0; row < values.length; row++) {
    if (gaps !== null && isGap(gaps, row)) {
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
    if (single && Math.fround(value) !== value) single = false;
    sum += value;
  }
  return { count: values.length - gapCount - notFiniteCount, gapCount, notFiniteCount, minimum, maximum, sum, whole, single };
}

function spreadOf(values: Float64Array, gaps: Uint8Array | null, range: Range, mean: number, withHistogram: boolean) {
  const { count, minimum, maximum } = range;
  const bins = new Float64Array(binCount);
  const perUnit = maximum > minimum ? binCount / (maximum - minimum) : 0;
  let squares = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (value - value !== 0 || (gaps !== null && isGap(gaps, row))) continue;
    squares += (value - mean) * (value - mean);
    const bin = Math.min(binCount - 1, ((value - minimum) * perUnit) | 0);
    bins[bin] = (bins[bin] as number) + 1;
  }
  return { squares, histogram: count > 0 && withHistogram ? Array.from(bins) : [] };
}

function examplesOf(values: Float64Array, gaps: Uint8Array | null, kind: "number" | "date"): string[] {
  const examples: string[] = [];
  for (let row = 0; row < Math.min(values.length, 1000) && examples.length < 5; row++) {
    if (isGap(gaps, row)) continue;
    const value = values[row] as number;
    const text = kind === "date" ? isoText(value) : String(value);
    if (!examples.includes(text)) examples.push(text);
  }
  return examples;
}

/** The same values in the narrowest array that holds each of them exactly. */
function narrowed(values: Float64Array, { whole, single, minimum, maximum, notFiniteCount }: Range): NumberArray {
  if (whole && notFiniteCount === 0) {
    if (minimum >= 0 && maximum <= 255) return new Uint8Array(values);
    if (minimum >= -32_768 && maximum <= 32_767) return new Int16Array(values);
    if (minimum >= -2_147_483_648 && maximum <= 2_147_483_647) return new Int32Array(values);
  }
  return single ? new Float32Array(values) : values;
}
