/** A fold's pipeline over the stored columns gives the tensors that a run trains on. */
import { RightsizeError, type TensorTable } from "@rightsize/core";
import { type CodeColumn, type ColumnTable, isGap, isoText, type NumberArray, type NumberColumn } from "../columns/column-table.ts";
import { type FittedColumn, type FittedFeature, type FoldPlan, foldRows, type PlanFile, type TargetScale } from "../plan/plan-file.ts";
import { type DayTable, datePart, dayMs, dayTable } from "../values.ts";

export interface FoldTensors {
  readonly tensors: TensorTable;
  /** Row numbers into the tensors: training rows first, then validation, then test, each in table order. */
  readonly rows: { readonly training: Int32Array; readonly validation: Int32Array; readonly test: Int32Array };
  readonly target: TargetScale;
  /** In output order; empty for regression. */
  readonly classes: readonly string[];
  /** Balanced; empty for regression. */
  readonly classWeights: readonly number[];
}

/** Tensors of one fold. Throws `artifact_corrupt` when the plan is of another table. */
export function buildTensors(table: ColumnTable, plan: PlanFile, fold: number): FoldTensors {
  if (table.rowCount !== plan.rowCount) throw otherTable(`${table.rowCount} rows where the plan has ${plan.rowCount}`);
  const parts = foldRows(plan, fold);
  const foldPlan = plan.folds[fold] as FoldPlan;
  const rowCount = parts.training.length + parts.validation.length + parts.test.length;
  const tableRows = new Int32Array(rowCount);
  tableRows.set(parts.training);
  tableRows.set(parts.validation, parts.training.length);
  tableRows.set(parts.test, parts.training.length + parts.validation.length);

  const x = new Float32Array(rowCount * plan.inputs); // [rowCount, inputs]
  const usual = new Float32Array(plan.inputs);
  let offset = 0;
  const writers = foldPlan.columns.map((fitted): Writer => {
    const column = table.column(fitted.name);
    if (column === undefined || column.kind === "profile") throw otherTable(`no column ${fitted.name}`);
    const at = offset;
    offset += fitted.width;
    return column.kind === "numbers" ? numberWriter(column, fitted, plan.inputs, at) : codeWriter(column, fitted, usual, at);
  });
  const blockRows = Math.max(8, Math.floor(blockNumbers / plan.inputs));
  // Most inputs of a category are what they usually are: whole blocks of usual rows are copied, then what differs is written.
  const usualBlock = usual.some((value) => value !== 0) ? repeated(usual, Math.min(blockRows, rowCount)) : null;
  const edges = [0, parts.training.length, parts.training.length + parts.validation.length, rowCount];
  for (let part = 0; part < 3; part++) {
    const end = edges[part + 1] as number;
    for (let from = edges[part] as number; from < end; from += blockRows) {
      const to = Math.min(end, from + blockRows);
      if (usualBlock !== null)
        x.set(to - from === blockRows ? usualBlock : usualBlock.subarray(0, (to - from) * plan.inputs), from * plan.inputs);
      for (const write of writers) write(x, tableRows, from, to);
    }
  }
  const numbersFrom = (first: number, count: number) => Int32Array.from({ length: count }, (_, index) => first + index);
  return {
    tensors: { rowCount, inputs: plan.inputs, x, y: targetValues(table, plan, foldPlan.target, tableRows) },
    rows: {
      training: numbersFrom(0, parts.training.length),
      validation: numbersFrom(parts.training.length, parts.validation.length),
      test: numbersFrom(parts.training.length + parts.validation.length, parts.test.length),
    },
    target: foldPlan.target,
    classes: plan.classes,
    classWeights: foldPlan.classWeights,
  };
}

/** Writes one column's features for positions from … to − 1; `rows` are the table's rows by position, ascending within a call. */
type Writer = (x: Float32Array, rows: Int32Array, from: number, to: number) => void;

/** Numbers written at a time, column by column: a block of rows stays in the processor's cache. */
const blockNumbers = 65_536;

/**
 * Copies the stretch of a column that holds some ascending rows into one float64 array, whatever array type the column has:
 * the copy is native, and the loops that follow see one type only, which makes them several times faster.
 */
function stretches(values: NumberArray | CodeColumn["codes"]) {
  let scratch = new Float64Array(0);
  return (rows: Int32Array, from: number, to: number): Float64Array => {
    const first = rows[from] as number;
    const last = rows[to - 1] as number;
    if (values instanceof Float64Array) return values.subarray(first, last + 1);
    if (scratch.length < last - first + 1) scratch = new Float64Array(Math.ceil((last - first + 1) * 1.5));
    scratch.set(values.subarray(first, last + 1));
    return scratch;
  };
}

/** One row many times, [count, row.length]. */
function repeated(row: Float32Array, count: number): Float32Array {
  const rows = new Float32Array(count * row.length);
  for (let at = 0; at < rows.length; at += row.length) rows.set(row, at);
  return rows;
}

function numberWriter(column: NumberColumn, fitted: FittedColumn, inputs: number, offset: number): Writer {
  const { gaps } = column;
  const stretch = stretches(column.values);
  const writeFeature = fitted.features.map((feature) => {
    const { minimum, maximum } = column.profile;
    const byDay = feature.take.kind === "part" ? dayTable(feature.take.part, minimum, maximum) : null;
    return byDay === null ? writeNumbers : dayWriter(byDay, feature);
  });
  return (x, rows, from, to) => {
    const values = stretch(rows, from, to);
    fitted.features.forEach((feature, index) => {
      writeFeature[index]?.(x, inputs, offset + index, rows, from, to, values, gaps, feature);
    });
  };
}

type FeatureWriter = typeof writeNumbers;

/** Writes a date's part that the day decides. */
function dayWriter({ firstDay, values: parts }: DayTable, feature: FittedFeature): FeatureWriter {
  const scaled = parts.map((part) => (part - feature.center) / feature.scale);
  const gapValue = (rawNumber(feature, null) - feature.center) / feature.scale;
  return (x, inputs, offset, rows, from, to, values, gaps) => {
    const first = rows[from] as number;
    let at = from * inputs + offset;
    for (let position = from; position < to; position++, at += inputs) {
      const row = rows[position] as number;
      const value = values[row - first] as number;
      const isMissing = value - value !== 0 || (gaps !== null && isGap(gaps, row));
      x[at] = isMissing ? gapValue : (scaled[Math.floor(value / dayMs) - firstDay] as number);
    }
  };
}

function writeNumbers(
  x: Float32Array,
  inputs: number,
  offset: number,
  rows: Int32Array,
  from: number,
  to: number,
  values: Float64Array,
  gaps: Uint8Array | null,
  feature: FittedFeature,
): void {
  const { take, center, scale } = feature;
  const first = rows[from] as number;
  let at = from * inputs + offset;
  if (take.kind === "value") {
    const gapValue = (take.fill - center) / scale;
    for (let position = from; position < to; position++, at += inputs) {
      const row = rows[position] as number;
      const value = values[row - first] as number;
      x[at] = value - value !== 0 || (gaps !== null && isGap(gaps, row)) ? gapValue : (value - center) / scale;
    }
    return;
  }
  for (let position = from; position < to; position++, at += inputs) {
    const row = rows[position] as number;
    const value = values[row - first] as number;
    x[at] = (rawNumber(feature, value - value !== 0 || isGap(gaps, row) ? null : value) - center) / scale;
  }
}

/** A feature's number before scaling; null is a gap. */
export function rawNumber(feature: FittedFeature, value: number | null): number {
  const { take } = feature;
  switch (take.kind) {
    case "value":
      return value ?? take.fill;
    case "part":
      return value === null ? take.fill : datePart(value, take.part);
    case "gap":
      return value === null ? 1 : 0;
    case "category":
    case "other":
      return 0;
    default:
      return take satisfies never;
  }
}

/** A feature's number before scaling; null is a gap. `own` says whether some category feature of the column is this text. */
export function rawCategory(feature: FittedFeature, text: string | null, own: boolean): number {
  const { take } = feature;
  switch (take.kind) {
    case "category":
      return text === take.value ? 1 : 0;
    case "other":
      return text !== null && !own ? 1 : 0;
    case "gap":
      return text === null ? 1 : 0;
    case "value":
    case "part":
      return 0;
    default:
      return take satisfies never;
  }
}

/**
 * Sets a column's usual inputs (those of a text without a category of its own) and writes where a row's code differs from them, which for
 * a category is one input of many.
 */
function codeWriter(column: CodeColumn, fitted: FittedColumn, usual: Float32Array, offset: number): Writer {
  const { codes, labels } = column;
  const { features } = fitted;
  const inputs = usual.length;
  const own = new Set(features.flatMap(({ take }) => (take.kind === "category" ? [take.value] : [])));
  const isTruth = fitted.holds === "boolean";
  const rawOf = (feature: FittedFeature, code: number) => {
    const text = code === 0 ? null : (labels[code - 1] as string);
    return isTruth ? rawNumber(feature, code === 0 ? null : code - 1) : rawCategory(feature, text, text !== null && own.has(text));
  };
  features.forEach(({ center, scale }, index) => {
    usual[offset + index] = (0 - center) / scale;
  });
  // The differences of code k are those from firsts[k] to firsts[k + 1] − 1.
  const firsts = new Uint32Array(labels.length + 2);
  const places: number[] = [];
  const values: number[] = [];
  for (let code = 0; code <= labels.length; code++) {
    features.forEach((feature, index) => {
      const scaled = Math.fround((rawOf(feature, code) - feature.center) / feature.scale);
      if (Object.is(scaled, usual[offset + index])) return;
      places.push(offset + index);
      values.push(scaled);
    });
    firsts[code + 1] = places.length;
  }
  const placed = Uint32Array.from(places);
  const valued = Float32Array.from(values);
  const stretch = stretches(codes);
  return (x, rows, from, to) => {
    const held = stretch(rows, from, to);
    const first = rows[from] as number;
    for (let position = from, at = from * inputs; position < to; position++, at += inputs) {
      const code = held[(rows[position] as number) - first] as number;
      const end = firsts[code + 1] as number;
      for (let change = firsts[code] as number; change < end; change++) x[at + (placed[change] as number)] = valued[change] as number;
    }
  };
}

function targetValues(table: ColumnTable, plan: PlanFile, scale: TargetScale, rows: Int32Array): Float32Array {
  const column = table.column(plan.target);
  if (column === undefined || column.kind === "profile") throw otherTable(`no column ${plan.target}`);
  const y = new Float32Array(rows.length); // [rowCount, 1]
  if (plan.task === "regression") {
    if (column.kind !== "numbers") throw otherTable(`${plan.target} holds no numbers`);
    for (let position = 0; position < rows.length; position++) {
      const value = column.values[rows[position] as number] as number;
      y[position] = ((scale.log ? Math.log(value) : value) - scale.mean) / scale.deviation;
    }
    return y;
  }
  const classOf = new Map(plan.classes.map((label, index) => [label, index]));
  const classOfValue = new Map<number, number>();
  const isDate = column.profile.type === "date";
  for (let position = 0; position < rows.length; position++) {
    const row = rows[position] as number;
    const value = (column.kind === "numbers" ? column.values[row] : column.codes[row]) as number;
    let known = classOfValue.get(value);
    if (known === undefined) {
      const label = column.kind === "codes" ? column.labels[value - 1] : isDate ? isoText(value) : String(value);
      known = classOf.get(label ?? "");
      if (known === undefined) throw otherTable(`an unknown class ${label}`);
      classOfValue.set(value, known);
    }
    y[position] = known;
  }
  return y;
}

/** A standardised prediction in the target's own unit. */
export function toOwnUnit(scale: TargetScale, standardised: number): number {
  const value = standardised * scale.deviation + scale.mean;
  return scale.log ? Math.exp(value) : value;
}

function otherTable(what: string): RightsizeError {
  return new RightsizeError("artifact_corrupt", `The plan isn't of this table: ${what}.`);
}
