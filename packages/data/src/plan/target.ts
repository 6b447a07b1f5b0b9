/** The target's column as numbers or classes: which rows have one, and whether it can be learnt. */
import { RightsizeError, type Task } from "@rightsize/core";
import { asFloat64, type ColumnTable, isGap, isoText, type TableColumn } from "../columns/column-table.ts";

export interface Target {
  /** Rows whose target is present, ascending. */
  readonly rows: Int32Array;
  /** [rows.length]: the number (its log where asked for) or the class number. */
  readonly values: Float64Array;
  /** In output order; empty for regression. */
  readonly classes: readonly string[];
}

/** Throws `invalid_request` (no such column, not this task) or `unusable_data` (no value, NaN, one class, …). */
export function readTarget(table: ColumnTable, name: string, task: Task, logTarget: boolean, maxClassCount: number): Target {
  const column = table.column(name);
  if (column === undefined) {
    const names = table.profiles.map((profile) => profile.name);
    throw wrong("invalid_request", `The table has no column ${name}.`, "/target", name, `one of ${names.slice(0, 50).join(", ")}`);
  }
  if (logTarget && task !== "regression") {
    throw wrong(
      "invalid_request",
      "Only a number has a logarithm.",
      "/features/logTarget",
      "true for classification",
      "false, or regression",
    );
  }
  if (column.profile.gapCount === table.rowCount) checkAny(0, name, table.rowCount);
  switch (task) {
    case "regression":
      return numbers(column, name, table.rowCount, logTarget);
    case "classification":
      return classes(column, name, table.rowCount, maxClassCount);
    default:
      return task satisfies never;
  }
}

function numbers(column: TableColumn, name: string, rowCount: number, logTarget: boolean): Target {
  if (column.kind !== "numbers" || column.profile.type === "date") {
    const example = column.profile.examples[0];
    const received = `${name}, a column of ${column.profile.type}${example === undefined ? "" : ` such as ${JSON.stringify(example)}`}`;
    throw wrong(
      "invalid_request",
      `${name} holds no numbers, so regression can't predict it.`,
      "/target",
      received,
      "a column of numbers, or the task classification",
    );
  }
  const held = asFloat64(column.values);
  const rows = new Int32Array(rowCount);
  const values = new Float64Array(rowCount);
  let count = 0;
  let varies = false;
  for (let row = 0; row < rowCount; row++) {
    if (isGap(column.gaps, row)) continue;
    const value = held[row] as number;
    if (!Number.isFinite(value)) {
      throw wrong(
        "unusable_data",
        `Row ${row + 1} of ${name} is ${value}.`,
        `row ${row + 1}, column ${name}`,
        String(value),
        "a finite number, or nothing",
      );
    }
    if (logTarget && value <= 0) {
      throw wrong(
        "unusable_data",
        `Row ${row + 1} of ${name} has no logarithm.`,
        `row ${row + 1}, column ${name}`,
        String(value),
        "a number above 0 for logTarget",
      );
    }
    rows[count] = row;
    values[count] = logTarget ? Math.log(value) : value;
    if (values[count] !== values[0]) varies = true;
    count++;
  }
  checkAny(count, name, rowCount);
  if (!varies) {
    throw wrong(
      "unusable_data",
      `${name} is the same in every row.`,
      "/target",
      `${name} is always ${column.values[rows[0] as number]}`,
      "a column that varies",
    );
  }
  return { rows: rows.slice(0, count), values: values.slice(0, count), classes: [] };
}

function classes(column: TableColumn, name: string, rowCount: number, maxClassCount: number): Target {
  const tooMany = (count: string) =>
    wrong("unusable_data", `${name} has too many classes.`, "/target", `${count} different values`, `at most ${maxClassCount} classes`);
  if (column.kind === "profile") throw tooMany(`more than ${column.profile.distinctCount}`);
  const rows = new Int32Array(rowCount);
  const raw = new Float64Array(rowCount);
  let count = 0;
  const seen = new Set<number>();
  for (let row = 0; row < rowCount; row++) {
    if (column.kind === "numbers" ? isGap(column.gaps, row) : column.codes[row] === 0) continue;
    const value = (column.kind === "numbers" ? column.values[row] : column.codes[row]) as number;
    if (!Number.isFinite(value)) {
      throw wrong(
        "unusable_data",
        `Row ${row + 1} of ${name} is ${value}.`,
        `row ${row + 1}, column ${name}`,
        String(value),
        "a class, or nothing",
      );
    }
    rows[count] = row;
    raw[count] = value;
    count++;
    seen.add(value);
    if (seen.size > maxClassCount) throw tooMany(`more than ${maxClassCount}`);
  }
  checkAny(count, name, rowCount);
  const ordered = [...seen].sort((a, b) => a - b);
  const isDate = column.profile.type === "date";
  const labels = ordered.map((value) =>
    column.kind === "codes" ? (column.labels[value - 1] as string) : isDate ? isoText(value) : String(value),
  );
  if (labels.length < 2) {
    throw wrong("unusable_data", `${name} has one class only.`, "/target", `${name} is always ${labels[0]}`, "at least two classes");
  }
  const numberOf = new Map(ordered.map((value, index) => [value, index]));
  return { rows: rows.slice(0, count), values: raw.slice(0, count).map((value) => numberOf.get(value) as number), classes: labels };
}

function checkAny(count: number, name: string, rowCount: number): void {
  if (count > 0) return;
  throw wrong(
    "unusable_data",
    `No row has a value in ${name}.`,
    "/target",
    `0 of ${rowCount} rows with a value`,
    "at least a few rows with a value",
  );
}

function wrong(
  code: "invalid_request" | "unusable_data",
  detail: string,
  where: string,
  received: string,
  required: string,
): RightsizeError {
  return new RightsizeError(code, detail, { issues: [{ where, received, required }] });
}
