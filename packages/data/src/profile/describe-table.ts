/** What a table as a whole suggests: warnings about its columns, a target and a task. */
import type { ColumnProfile, Task } from "@rightsize/core";
import type { ColumnTable } from "../columns/column-table.ts";
import { suggestTarget } from "./suggest.ts";
import { columnWarnings } from "./warnings.ts";

export interface TableDescription {
  readonly columns: readonly ColumnProfile[];
  readonly warnings: readonly string[];
  readonly suggestedTarget: string | null;
  readonly suggestedTask: Task | null;
}

/** Profiles with their warnings, the table's warnings, and the column most likely asked for. */
export function describeTable(table: ColumnTable): TableDescription {
  const columns = table.profiles.map((profile) => {
    const column = table.column(profile.name);
    return column === undefined ? profile : { ...profile, warnings: [...profile.warnings, ...columnWarnings(column, table.rowCount)] };
  });
  const suggestion = suggestTarget(columns);
  return { columns, warnings: [], suggestedTarget: suggestion?.target ?? null, suggestedTask: suggestion?.task ?? null };
}
