/** A few rows of a table as a person would read them. */
import { type ColumnTable, cellText } from "./column-table.ts";

export interface TablePreview {
  readonly columns: readonly string[];
  /** Cells as text, null at a gap (and for columns kept as a profile only). */
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Up to `count` rows from row number `first` (from 0); fewer where the table ends. */
export function previewRows(table: ColumnTable, first: number, count: number): TablePreview {
  const columns = table.profiles.map(({ name }) => table.column(name));
  const rowNumbers = Array.from({ length: Math.max(0, Math.min(count, table.rowCount - first)) }, (_, index) => first + index);
  return {
    columns: table.profiles.map(({ name }) => name),
    rows: rowNumbers.map((row) => columns.map((column) => (column === undefined ? null : cellText(column, row)))),
  };
}
