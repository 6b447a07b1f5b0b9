/** A few rows of a table as a person would read them. */
import { openRows } from "./column-file.ts";
import { type ColumnTable, cellText } from "./column-table.ts";

export interface TablePreview {
  readonly columns: readonly string[];
  /** Cells as text, null at a gap (and for columns kept as a profile only). */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Longest text of a previewed cell, in characters; longer ones end in an ellipsis. */
const cellCharacters = 200;
/** Most cells of a preview: of a very wide table fewer rows are shown than were asked for, but at least one. */
const cellCount = 200_000;

/** Up to `count` rows from row number `first` (from 0); fewer where the table ends. */
export function previewRows(table: ColumnTable, first: number, count: number): TablePreview {
  const columns = table.profiles.map(({ name }) => table.column(name));
  const rowNumbers = Array.from({ length: Math.max(0, Math.min(count, table.rowCount - first)) }, (_, index) => first + index);
  return {
    columns: table.profiles.map(({ name }) => name),
    rows: rowNumbers.map((row) => columns.map((column) => (column === undefined ? null : shortened(cellText(column, row))))),
  };
}

/** A preview straight from a columnar file, of which only those rows are read. Throws `artifact_corrupt`. */
export async function previewFile(path: string, first: number, count: number): Promise<TablePreview & { readonly rowCount: number }> {
  const { rowCount, table: width } = await openRows(path, 0, 0);
  if (first >= rowCount) return { rowCount, ...previewRows(width, 0, 0) };
  const shown = Math.min(count, Math.max(1, Math.floor(cellCount / Math.max(1, width.profiles.length))));
  const { table, offset } = await openRows(path, first, shown);
  return { rowCount, ...previewRows(table, offset, shown) };
}

function shortened(text: string | null): string | null {
  return text === null || text.length <= cellCharacters ? text : `${text.slice(0, cellCharacters - 1)}…`;
}
