/** Rows as a client sends them (JSON members or CSV), read into raw columns by the same rules as at upload. */
import { type Issue, RightsizeError } from "@rightsize/core";
import type { FittedColumn } from "../plan/plan-file.ts";
import { findDialect } from "../reading/csv-dialect.ts";
import { splitCsv } from "../reading/csv-text.ts";
import { type RawRow, readCell, shownCell, wantedCell } from "./transform-rows.ts";

/** One column's cells: numbers and dates (milliseconds since 1970) with NaN for a gap; texts with "" for a gap. */
export type RawColumn =
  | { readonly kind: "numbers"; readonly values: Float64Array }
  | { readonly kind: "texts"; readonly texts: readonly string[] };
export interface RawColumns {
  readonly rowCount: number;
  /** In the order of the columns that were asked for. */
  readonly columns: readonly RawColumn[];
}
export type WantedColumn = Pick<FittedColumn, "name" | "holds">;

const issuesNamed = 20;

/**
 * Columns of JSON rows. A member that some row has and another hasn't is a gap there; a column that no row has is missing. Throws
 * `invalid_request` with pointers such as `/rows/2/price`.
 */
export function rawColumnsOfRows(wanted: readonly WantedColumn[], rows: readonly RawRow[], maxRows: number): RawColumns {
  checkRowCount(rows.length, maxRows, "/rows");
  const missing = wanted.filter(({ name }) => !rows.some((row) => Object.hasOwn(row, name)));
  if (missing.length > 0) throw missingColumns(missing, "/rows", "no row has this member");
  return collect(
    wanted,
    rows.length,
    (row, column) => (rows[row] as RawRow)[(wanted[column] as WantedColumn).name],
    (row, { name }) => `/rows/${row}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
  );
}

/** Columns of a CSV text with a header. Throws `unreadable_data`, or `invalid_request` naming row (from 1, the header not counted) and column. */
export function rawColumnsOfCsv(wanted: readonly WantedColumn[], csv: string, maxRows: number): RawColumns {
  const text = csv.startsWith("\u{feff}") ? csv.slice(1) : csv;
  const { delimiter, quote } = findDialect(text.slice(0, 1 << 20), text.length <= 1 << 20, { header: true });
  // One row more than allowed tells too many from just enough.
  const { records, openQuote } = splitCsv(text, delimiter, quote, { partial: false, maxRecords: maxRows + 2 });
  const unreadable = (detail: string, issue: Issue) => new RightsizeError("unreadable_data", detail, { issues: [issue] });
  if (openQuote) {
    throw unreadable("A quote is never closed.", {
      where: `line ${records.at(-1)?.line ?? 1}`,
      received: "an open quote",
      required: "a closing quote",
    });
  }
  const [header, ...body] = records;
  if (header === undefined) {
    throw unreadable("The body is empty.", { where: "the body", received: "no line", required: "a header and at least one row" });
  }
  checkRowCount(body.length, maxRows, "the body");
  const names = header.fields.map((name) => name.trim());
  const places = wanted.map(({ name }) => names.indexOf(name.trim()));
  const missing = wanted.filter((_, column) => places[column] === -1);
  if (missing.length > 0) throw missingColumns(missing, "the header", `the columns ${names.slice(0, 50).join(", ")}`);
  const twice = wanted.find(({ name }, column) => names.lastIndexOf(name.trim()) !== places[column]);
  if (twice !== undefined) {
    throw unreadable("A column is there twice.", { where: "the header", received: `${twice.name} twice`, required: `${twice.name} once` });
  }
  const ragged = body.findIndex(({ fields }) => fields.length !== names.length);
  if (ragged !== -1) {
    const fields = body[ragged]?.fields.length ?? 0;
    throw unreadable("A row has another number of fields than the header.", {
      where: `row ${ragged + 1}`,
      received: `${fields} fields`,
      required: `${names.length} fields`,
    });
  }
  return collect(
    wanted,
    body.length,
    (row, column) => body[row]?.fields[places[column] as number],
    (row, { name }) => `row ${row + 1}, column ${name}`,
  );
}

function collect(
  wanted: readonly WantedColumn[],
  rowCount: number,
  cellAt: (row: number, column: number) => unknown,
  where: (row: number, column: WantedColumn) => string,
): RawColumns {
  const issues: Issue[] = [];
  const columns = wanted.map((column, index): RawColumn => {
    const read = (row: number) => {
      const given = cellAt(row, index);
      const cell = readCell(given, column.holds);
      if (cell !== undefined) return cell;
      if (issues.length < issuesNamed) {
        issues.push({ where: where(row, column), received: shownCell(given), required: wantedCell[column.holds] });
      }
      return null;
    };
    if (column.holds === "number" || column.holds === "date") {
      const values = new Float64Array(rowCount);
      for (let row = 0; row < rowCount; row++) values[row] = (read(row) as number | null) ?? Number.NaN;
      return { kind: "numbers", values };
    }
    const texts: string[] = [];
    for (let row = 0; row < rowCount; row++) {
      const cell = read(row);
      texts.push(cell === null ? "" : typeof cell === "string" ? cell : cell === 1 ? "true" : "false");
    }
    return { kind: "texts", texts };
  });
  if (issues.length > 0) throw new RightsizeError("invalid_request", "Some values can't be read.", { issues });
  return { rowCount, columns };
}

function checkRowCount(rowCount: number, maxRows: number, where: string): void {
  if (rowCount === 0) {
    throw new RightsizeError("invalid_request", "There is no row to predict for.", {
      issues: [{ where, received: "0 rows", required: "at least one row" }],
    });
  }
  if (rowCount <= maxRows) return;
  throw new RightsizeError("too_large", `More than ${maxRows} rows at once.`, {
    issues: [{ where, received: `more than ${maxRows} rows`, required: `at most ${maxRows} rows` }],
  });
}

function missingColumns(missing: readonly WantedColumn[], where: string, received: string): RightsizeError {
  const names = missing.map(({ name }) => name);
  return new RightsizeError(
    "invalid_request",
    names.length === 1 ? `The column ${names[0]} is missing.` : `${names.length} columns are missing: ${names.slice(0, 10).join(", ")}.`,
    {
      issues: missing
        .slice(0, issuesNamed)
        .map(({ name, holds }) => ({ where, received, required: `${name}: ${wantedCell[holds]} (an empty cell or null is a gap)` })),
    },
  );
}
