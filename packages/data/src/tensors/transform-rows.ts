/** Raw JSON rows through a fitted pipeline: the same features at prediction as in training. */
import { type Issue, RightsizeError, type TensorTable } from "@rightsize/core";
import { type FittedColumn, type FoldPlan, foldRows, type PlanFile } from "../plan/plan-file.ts";
import { isGapText, isGapWord, parseBoolean, parseDate, parseNumber } from "../values.ts";
import { rawCategory, rawNumber } from "./build-tensors.ts";

/** One row as a client sends it: column names to values; a missing member, null and gap texts are gaps; unknown members are ignored. */
export type RawRow = Readonly<Record<string, unknown>>;

const issuesNamed = 20;

/** Features of some rows by the pipeline of one fold (y is all zeros). Throws `invalid_request` with pointers `/rows/2/price`. */
export function transformRows(plan: PlanFile, rows: readonly RawRow[], fold = 0): TensorTable {
  foldRows({ roles: new Uint8Array(0), folds: plan.folds }, fold);
  const { columns } = plan.folds[fold] as FoldPlan;
  const x = new Float32Array(rows.length * plan.inputs); // [rows, inputs]
  const issues: Issue[] = [];
  let offset = 0;
  for (const column of columns) {
    const own = new Set(column.features.flatMap(({ take }) => (take.kind === "category" ? [take.value] : [])));
    rows.forEach((row, position) => {
      const cell = readCell(row[column.name], column.holds);
      if (cell === undefined) {
        const pointer = `/rows/${position}/${column.name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        if (issues.length < issuesNamed)
          issues.push({ where: pointer, received: shownCell(row[column.name]), required: wantedCell[column.holds] });
        return;
      }
      column.features.forEach((feature, index) => {
        const raw =
          typeof cell === "string"
            ? rawCategory(feature, cell, own.has(cell))
            : column.holds === "category"
              ? rawCategory(feature, null, false)
              : rawNumber(feature, cell);
        x[position * plan.inputs + offset + index] = (raw - feature.center) / feature.scale;
      });
    });
    offset += column.width;
  }
  if (issues.length > 0) throw new RightsizeError("invalid_request", "Some values can't be read.", { issues });
  return { rowCount: rows.length, inputs: plan.inputs, x, y: new Float32Array(rows.length) };
}

/** What a cell of each kind may be. */
export const wantedCell = {
  number: "a number, or null",
  boolean: "true, false or null",
  date: "an ISO 8601 date or time, or null",
  category: "a text, or null",
} as const satisfies Record<FittedColumn["holds"], string>;

/** A cell as an error shows it. */
export const shownCell = (value: unknown) => (JSON.stringify(value) ?? String(value)).slice(0, 80);

/** A number, a text (categories), null for a gap, undefined for what can't be read. */
export function readCell(value: unknown, holds: FittedColumn["holds"]): number | string | null | undefined {
  if (value === null || value === undefined) return null;
  const text = typeof value === "string" ? value.trim() : null;
  if (text !== null && isGapText(text)) return null;
  switch (holds) {
    case "number": {
      const number =
        typeof value === "number" ? value : text === null ? undefined : (parseNumber(text) ?? (isGapWord(text) ? null : undefined));
      return number === null || number === undefined || Number.isFinite(number) ? number : null;
    }
    case "boolean": {
      const truth = typeof value === "boolean" ? value : text === null ? null : parseBoolean(text);
      return truth === null ? undefined : Number(truth);
    }
    case "date":
      if (typeof value === "number") return Number.isFinite(value) ? value : null;
      return text === null ? undefined : (parseDate(text) ?? undefined);
    case "category":
      if (text !== null) return text;
      return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
    default:
      return holds satisfies never;
  }
}
