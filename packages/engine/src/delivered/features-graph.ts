/** A fold's fitted preprocessing as a graph: raw columns in, the network's features out, in the bits that training saw. */
import { type FittedColumn, type FittedFeature, gapTexts, rawCategory, rawNumber } from "@rightsize/data";
import type { Graph, Value } from "../onnx/graph.ts";

/** Features [N, positions.length] as float32; `positions` are their places among the plan's inputs (padding of a fold is left out). */
export interface FeatureValues {
  readonly x: Value;
  readonly positions: readonly number[];
}

/** The columns that come as numbers (float64; NaN is a gap), and those that come as texts. */
export const comesAsNumber = (column: Pick<FittedColumn, "holds">) => column.holds === "number" || column.holds === "date";

/** Raw numbers of all folds: one matrix and where it has gaps. Computed once, used by every fold. */
export interface RawNumbers {
  /** [N, numeric columns], 0 at gaps. */
  readonly clean: Value;
  /** [N, numeric columns], true at gaps: NaN and infinities, as in training. */
  readonly missing: Value;
  readonly columns: readonly string[];
}

/** null without numeric columns. `inputs` holds the graph's inputs [N, 1] by column name. */
export function rawNumbers(g: Graph, columns: readonly FittedColumn[], inputs: ReadonlyMap<string, Value>): RawNumbers | null {
  const names = columns.filter(comesAsNumber).map(({ name }) => name);
  if (names.length === 0) return null;
  const all = names.map((name) => inputs.get(name) as Value);
  const matrix = all.length === 1 ? (all[0] as Value) : g.node("Concat", all, { axis: 1 });
  // v − v is NaN for NaN and for infinities.
  const missing = g.node("IsNaN", [g.node("Sub", [matrix, matrix])]);
  return { columns: names, missing, clean: g.node("Where", [missing, g.constantFloat64([0]), matrix]) };
}

/** The features of one fold. */
export function featureValues(
  g: Graph,
  columns: readonly FittedColumn[],
  inputs: ReadonlyMap<string, Value>,
  numbers: RawNumbers | null,
): FeatureValues {
  const parts: Value[] = [];
  const positions: number[] = [];
  const numeric = numbers === null ? [] : numericFeatures(columns, numbers);
  if (numbers !== null && numeric.length > 0) {
    parts.push(numericPart(g, numeric, numbers));
    positions.push(...numericOrder(numeric).map(({ position }) => position));
  }
  let offset = 0;
  for (const column of columns) {
    if (!comesAsNumber(column) && column.features.length > 0) {
      parts.push(textPart(g, column, inputs.get(column.name) as Value));
      positions.push(...column.features.map((_, index) => offset + index));
    }
    offset += column.width;
  }
  if (parts.length === 0) return { x: constantPart(g, columns, inputs, numbers), positions: [0] };
  const joined = parts.length === 1 ? (parts[0] as Value) : g.node("Concat", parts, { axis: 1 });
  const order = positions.map((position, index) => ({ position, index })).sort((a, b) => a.position - b.position);
  const sorted = order.map(({ position }) => position);
  if (order.every(({ index }, place) => index === place)) return { x: joined, positions: sorted };
  const places = g.constantInt64(order.map(({ index }) => index));
  return { x: g.node("Gather", [joined, places], { axis: 1 }), positions: sorted };
}

interface NumericFeature {
  readonly feature: FittedFeature;
  /** Which of the numeric columns. */
  readonly column: number;
  readonly position: number;
}

function numericFeatures(columns: readonly FittedColumn[], numbers: RawNumbers): readonly NumericFeature[] {
  const found: NumericFeature[] = [];
  let offset = 0;
  for (const column of columns) {
    if (comesAsNumber(column)) {
      const at = numbers.columns.indexOf(column.name);
      column.features.forEach((feature, index) => {
        found.push({ feature, column: at, position: offset + index });
      });
    }
    offset += column.width;
  }
  return found;
}

const kinds = ["value", "days", "month", "day", "weekday", "hour", "gap"] as const;
type Kind = (typeof kinds)[number];

function kindOf({ take }: FittedFeature): Kind {
  switch (take.kind) {
    case "value":
    case "gap":
      return take.kind;
    case "part":
      return take.part;
    case "category":
    case "other":
      throw new TypeError("a column of numbers has no categories");
    default:
      return take satisfies never;
  }
}

/** Features of one kind lie beside each other, so that a kind costs a few nodes however many columns there are. */
function numericOrder(features: readonly NumericFeature[]): readonly NumericFeature[] {
  return kinds.flatMap((kind) => features.filter(({ feature }) => kindOf(feature) === kind));
}

/** float32((raw − center) / scale), computed in float64 as in training; [N, features]. */
function numericPart(g: Graph, features: readonly NumericFeature[], numbers: RawNumbers): Value {
  const raws = kinds.flatMap((kind) => {
    const own = features.filter(({ feature }) => kindOf(feature) === kind);
    return own.length === 0 ? [] : [rawPart(g, kind, own, numbers)];
  });
  const raw = raws.length === 1 ? (raws[0] as Value) : g.node("Concat", raws, { axis: 1 });
  const ordered = numericOrder(features);
  const row = (of: (feature: FittedFeature) => number) =>
    g.constantFloat64(
      ordered.map(({ feature }) => of(feature)),
      [1, ordered.length],
    );
  const centered = g.node("Sub", [raw, row(({ center }) => center)]);
  return g.node("Cast", [g.node("Div", [centered, row(({ scale }) => scale)])], { to: 1 });
}

function rawPart(g: Graph, kind: Kind, features: readonly NumericFeature[], numbers: RawNumbers): Value {
  const whole = features.length === numbers.columns.length && features.every(({ column }, index) => column === index);
  const places = whole ? null : g.constantInt64(features.map(({ column }) => column));
  const pick = (matrix: Value) => (places === null ? matrix : g.node("Gather", [matrix, places], { axis: 1 }));
  const missing = pick(numbers.missing);
  if (kind === "gap") return g.node("Cast", [missing], { to: 11 });
  const clean = pick(numbers.clean);
  const fills = features.map(({ feature }) => rawNumber(feature, null));
  const value = kind === "value" ? clean : datePartValue(g, kind, clean);
  return g.node("Where", [missing, g.constantFloat64(fills, [1, fills.length]), value]);
}

/** A part of times in milliseconds since 1970, UTC; the same formulas as data's `datePart`, in float64. */
function datePartValue(g: Graph, part: Exclude<Kind, "value" | "gap">, ms: Value): Value {
  const number = (value: number) => g.constantFloat64([value]);
  const times = (a: Value, b: number) => g.node("Mul", [a, number(b)]);
  const over = (a: Value, b: number) => g.node("Div", [a, number(b)]);
  const plus = (a: Value, b: number) => g.node("Add", [a, number(b)]);
  const minus = (a: Value, b: Value) => g.node("Sub", [a, b]);
  const floor = (a: Value) => g.node("Floor", [a]);
  const dayMs = 86_400_000;
  if (part === "days") return over(ms, dayMs);
  const day = floor(over(ms, dayMs));
  if (part === "hour") return over(minus(ms, times(day, dayMs)), 3_600_000);
  if (part === "weekday") {
    const shifted = plus(day, 3);
    return minus(shifted, times(floor(over(shifted, 7)), 7));
  }
  // Howard Hinnant's civil_from_days
  const shifted = plus(day, 719_468);
  const dayOfEra = minus(shifted, times(floor(over(shifted, 146_097)), 146_097));
  const leap = (days: number) => floor(over(dayOfEra, days));
  const yearOfEra = floor(over(minus(g.node("Add", [minus(dayOfEra, leap(1460)), leap(36_524)]), leap(146_096)), 365));
  const fourths = floor(over(yearOfEra, 4));
  const hundredths = floor(over(yearOfEra, 100));
  const dayOfYear = minus(dayOfEra, minus(g.node("Add", [times(yearOfEra, 365), fourths]), hundredths));
  const monthFromMarch = floor(over(plus(times(dayOfYear, 5), 2), 153));
  if (part === "day") return plus(minus(dayOfYear, floor(over(plus(times(monthFromMarch, 153), 2), 5))), 1);
  const months = plus(monthFromMarch, 3);
  return minus(months, times(g.node("Cast", [g.node("Greater", [months, number(12)])], { to: 11 }), 12));
}

/** How truth values may be written; anything else is a gap. */
const truths = [
  ["false", "False", "FALSE"],
  ["true", "True", "TRUE"],
] as const;

/** A column of texts: its code by a dictionary, then the code's row of features that were scaled beforehand; [N, features]. */
function textPart(g: Graph, column: FittedColumn, input: Value): Value {
  const { features } = column;
  const codes = new Map<string, number>();
  const rows: number[][] = [];
  const addRow = (raw: (feature: FittedFeature) => number) =>
    rows.push(features.map((feature) => (raw(feature) - feature.center) / feature.scale)) - 1;
  let otherwise: number;
  if (column.holds === "boolean") {
    const gap = addRow((feature) => rawNumber(feature, null));
    truths.forEach((texts, truth) => {
      const code = addRow((feature) => rawNumber(feature, truth));
      for (const text of texts) codes.set(text, code);
    });
    otherwise = gap;
  } else {
    const gap = addRow((feature) => rawCategory(feature, null, false));
    for (const { take } of features) {
      if (take.kind === "category")
        codes.set(
          take.value,
          addRow((feature) => rawCategory(feature, take.value, true)),
        );
    }
    otherwise = addRow((feature) => rawCategory(feature, "", false));
    for (const text of [...gapTexts, "NaN", "nan"]) if (!codes.has(text)) codes.set(text, gap);
  }
  return lookUp(g, input, codes, otherwise, rows);
}

function lookUp(g: Graph, input: Value, codes: ReadonlyMap<string, number>, otherwise: number, rows: readonly number[][]): Value {
  const code = g.node("ai.onnx.ml:LabelEncoder", [input], {
    keys_strings: { strings: [...codes.keys()] },
    values_int64s: [...codes.values()],
    default_int64: otherwise,
  });
  const table = g.constant(rows.flat(), [rows.length, rows[0]?.length ?? 0]);
  return g.node("Gather", [table, g.node("Squeeze", [code, g.constantInt64([1])])], { axis: 0 });
}

/** One feature that is always 0, for a fold on whose training rows nothing varied. */
function constantPart(g: Graph, columns: readonly FittedColumn[], inputs: ReadonlyMap<string, Value>, numbers: RawNumbers | null): Value {
  if (numbers !== null) {
    const first = g.node("Gather", [numbers.clean, g.constantInt64([0])], { axis: 1 });
    return g.node("Cast", [g.node("Div", [first, g.constantFloat64([Number.POSITIVE_INFINITY])])], { to: 1 });
  }
  return lookUp(g, inputs.get(columns[0]?.name ?? "") as Value, new Map([["", 0]]), 0, [[0]]);
}
