/** What a table as a whole suggests: warnings about its columns, a target and a task. */
import type { ColumnProfile, Task } from "@rightsize/core";
import type { ColumnTable } from "../columns/column-table.ts";
import { suggestTarget } from "./suggest.ts";
import { tableWarnings } from "./table-warnings.ts";
import { columnWarnings } from "./warnings.ts";

export interface TableDescription {
  readonly columns: readonly ColumnProfile[];
  readonly warnings: readonly string[];
  readonly suggestedTarget: string | null;
  readonly suggestedTask: Task | null;
}

/** Profiles with their warnings, the table's warnings, and the column most likely asked for. */
export function describeTable(table: ColumnTable): TableDescription {
  const ofTable = tableWarnings(table);
  const columns = table.profiles.map((profile) => {
    const column = table.column(profile.name);
    const own = column === undefined || table.image !== null ? [] : columnWarnings(column, table.rowCount);
    return { ...profile, warnings: [...profile.warnings, ...own, ...(ofTable.columns.get(profile.name) ?? [])] };
  });
  const dates = columns.filter(({ type }) => type === "date").map(({ name }) => name);
  const warnings = [
    ...ofTable.table,
    ...(dates.length > 0 ? [`dates: where rows follow each other in time, split by ${dates.join(" or ")}`] : []),
  ];
  const suggestion = suggestTarget(columns);
  return { columns, warnings, suggestedTarget: suggestion?.target ?? null, suggestedTask: suggestion?.task ?? null };
}
