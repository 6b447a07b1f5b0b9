/** Fits one column's features on the training rows of one fold; no other row is looked at. */
import type { FeatureSpec, ScaleNumbers } from "@rightsize/core";
import { asFloat64, type CodeColumn, isGap, type NumberColumn } from "../columns/column-table.ts";
import { type DatePart, datePart, dateParts, dayMs, dayTable } from "../values.ts";
import type { FittedColumn, FittedFeature, Take } from "./plan-file.ts";
import { moments, quantile } from "./statistics.ts";

export type Fit = Omit<FittedColumn, "width">;

/** Pixels are divided by their largest value instead of being standardised: an image stays an image. */
export const pixelScale = 255;

/** A pixel column of an image set; never left out, so that the image keeps its shape. */
export function fitPixel(name: string): Fit {
  return { name, holds: "number", features: [{ take: { kind: "value", fill: 0 }, center: 0, scale: pixelScale }] };
}

/** Numbers: the value with gaps filled by the median, and an indicator where training rows have gaps. Constant features are dropped. */
export function fitNumbers(column: NumberColumn, training: Int32Array, scale: ScaleNumbers): Fit {
  const { present, gapCount } = presentValues(column, training);
  const features: FittedFeature[] = [];
  const value = scaled(present, gapCount, scale, (fill) => ({ kind: "value", fill }));
  if (value !== null) features.push(value);
  const gap = indicator(gapCount, training.length, scale, { kind: "gap" });
  if (gap !== null) features.push(gap);
  return { name: column.profile.name, holds: "number", features };
}

/** Dates: days since 1970, month, day, weekday and hour, each where it varies. */
export function fitDates(column: NumberColumn, training: Int32Array, scale: ScaleNumbers): Fit {
  const { present, gapCount } = presentValues(column, training);
  const features: FittedFeature[] = [];
  for (const part of dateParts) {
    const values = new Float64Array(present.length);
    const byDay = dayTable(part, column.profile.minimum, column.profile.maximum);
    for (let index = 0; index < present.length; index++) {
      const ms = present[index] as number;
      values[index] = byDay === null ? datePart(ms, part) : (byDay.values[Math.floor(ms / dayMs) - byDay.firstDay] as number);
    }
    const feature = scaled(values, gapCount, scale, (fill) => ({ kind: "part", part: part as DatePart, fill }));
    if (feature !== null) features.push(feature);
  }
  const gap = indicator(gapCount, training.length, scale, { kind: "gap" });
  if (gap !== null) features.push(gap);
  return { name: column.profile.name, holds: "date", features };
}

/** Truth values as 0 and 1, like numbers. */
export function fitBooleans(column: CodeColumn, training: Int32Array, scale: ScaleNumbers): Fit {
  const present: number[] = [];
  for (const row of training) if (column.codes[row] !== 0) present.push((column.codes[row] as number) - 1);
  const gapCount = training.length - present.length;
  const features: FittedFeature[] = [];
  const value = scaled(Float64Array.from(present), gapCount, scale, (fill) => ({ kind: "value", fill }));
  if (value !== null) features.push(value);
  const gap = indicator(gapCount, training.length, scale, { kind: "gap" });
  if (gap !== null) features.push(gap);
  return { name: column.profile.name, holds: "boolean", features };
}

/**
 * Categories, one input each, in code-unit order of their texts. Beyond `maxCategories` the most frequent stay and the rest
 * share `other` (which counts as one of them). Gaps are a category of their own. A text never seen in training is all
 * zeros before scaling, or `other` where there is one.
 */
export function fitCategories(column: CodeColumn, training: Int32Array, spec: Pick<FeatureSpec, "scale" | "maxCategories">): Fit {
  const counts = new Float64Array(column.labels.length + 1);
  for (const row of training) counts[column.codes[row] as number] = (counts[column.codes[row] as number] as number) + 1;
  const seen: number[] = [];
  for (let code = 1; code < counts.length; code++) if ((counts[code] as number) > 0) seen.push(code);
  const kept =
    seen.length <= spec.maxCategories
      ? seen
      : [...seen]
          .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
          .slice(0, spec.maxCategories - 1)
          .sort((a, b) => a - b);
  const total = training.length;
  const features: FittedFeature[] = [];
  const add = (count: number, take: Take) => {
    const feature = indicator(count, total, spec.scale, take);
    if (feature !== null) features.push(feature);
  };
  for (const code of kept) add(counts[code] as number, { kind: "category", value: column.labels[code - 1] as string });
  if (kept.length < seen.length) {
    const own = kept.reduce((sum, code) => sum + (counts[code] as number), 0);
    add(total - own - (counts[0] as number), { kind: "other" });
  }
  add(counts[0] as number, { kind: "gap" });
  return { name: column.profile.name, holds: "category", features };
}

/** Finite values of the training rows; NaN and infinities count as gaps. */
function presentValues(column: NumberColumn, training: Int32Array): { present: Float64Array; gapCount: number } {
  const values = asFloat64(column.values);
  const { gaps } = column;
  const all = new Float64Array(training.length);
  let count = 0;
  for (let position = 0; position < training.length; position++) {
    const row = training[position] as number;
    const value = values[row] as number;
    if (value - value === 0 && (gaps === null || !isGap(gaps, row))) all[count++] = value;
  }
  return { present: all.subarray(0, count), gapCount: training.length - count };
}

/** Center and scale of a value whose gaps are filled by its median; null where it doesn't vary (or is too large to scale). Reorders `present`. */
function scaled(present: Float64Array, gapCount: number, scale: ScaleNumbers, take: (fill: number) => Take): FittedFeature | null {
  if (present.length === 0) return null;
  const { mean: plainMean, deviation: plainDeviation } = moments(present);
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const value of present) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  if (minimum === maximum || !Number.isFinite(plainDeviation) || plainDeviation === 0) return null;
  const fill = quantile(present, 0.5);
  switch (scale) {
    case "none":
      return { take: take(fill), center: 0, scale: 1 };
    case "robust": {
      const spread = quantile(present, 0.75) - quantile(present, 0.25);
      return { take: take(fill), center: fill, scale: spread > 0 ? spread : plainDeviation };
    }
    case "standard": {
      const total = present.length + gapCount;
      const mean = plainMean + (gapCount * (fill - plainMean)) / total;
      const squares =
        present.length * (plainDeviation * plainDeviation + (plainMean - mean) * (plainMean - mean)) +
        gapCount * (fill - mean) * (fill - mean);
      return { take: take(fill), center: mean, scale: gapCount === 0 ? plainDeviation : Math.sqrt(squares / total) };
    }
    default:
      return scale satisfies never;
  }
}

/** A 0/1 feature that is 1 on `count` of `total` training rows; null where it doesn't vary. */
function indicator(count: number, total: number, scale: ScaleNumbers, take: Take): FittedFeature | null {
  if (count === 0 || count === total) return null;
  if (scale !== "standard") return { take, center: 0, scale: 1 };
  const share = count / total;
  return { take, center: share, scale: Math.sqrt(share * (1 - share)) };
}
