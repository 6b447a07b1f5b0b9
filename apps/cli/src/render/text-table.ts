/** Columns of text for a terminal: aligned, with a rule under the head. */

export interface Column {
  readonly head: string;
  readonly align: "left" | "right";
}

/** Lines of a table: two spaces between columns, no trailing spaces. Cells of a row that are missing are empty. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columns.map((column, index) => Math.max(width(column.head), ...rows.map((row) => width(row[index] ?? ""))));
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => {
        const cell = cells[index] ?? "";
        const space = " ".repeat((widths[index] ?? 0) - width(cell));
        return column.align === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ head }) => head)), widths.map((columnWidth) => "─".repeat(columnWidth)).join("  "), ...rows.map(line)];
}

/** Characters that a terminal shows for a text (good enough for what we print: no wide or combining ones). */
function width(text: string): number {
  return [...text].length;
}
