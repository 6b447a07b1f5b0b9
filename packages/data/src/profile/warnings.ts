/** What a person should know of one column before training on it. */
import { isGap, type TableColumn } from "../columns/column-table.ts";

/** Short warnings, each beginning with a word for programs: `constant`, `identifier`, `gaps`, … */
export function columnWarnings(column: TableColumn, rowCount: number): readonly string[] {
  const { profile } = column;
  const warnings: string[] = [];
  if (profile.gapCount === rowCount) return ["empty: no row has a value"];
  if (profile.distinctCount === 1) warnings.push("constant: every row has the same value");
  if (profile.type === "text") {
    const most = profile.distinctCount > 0.5 * (rowCount - profile.gapCount);
    warnings.push(
      most
        ? `identifier: ${profile.distinctCount} different texts in ${rowCount} rows`
        : `text: ${profile.distinctCount} different texts are too many to be categories`,
    );
  }
  if (countsRows(column, rowCount)) warnings.push("identifier: it counts the rows");
  if (profile.gapCount > 0.5 * rowCount) warnings.push(`gaps: ${profile.gapCount} of ${rowCount} rows have no value`);
  return warnings;
}

/** Whether a column is the row number plus a constant, over at least 20 rows. */
export function countsRows(column: TableColumn, rowCount: number): boolean {
  if (column.kind !== "numbers" || column.profile.type !== "integer" || column.gaps !== null || rowCount < 20) return false;
  const first = column.values[0] as number;
  for (let row = 0; row < rowCount; row++) if (column.values[row] !== first + row || isGap(column.gaps, row)) return false;
  return true;
}
