/** Which columns may become features: what the request says, then what a column plainly is. */
import { type FeatureSpec, type Issue, type LeftOutColumn, RightsizeError } from "@rightsize/core";
import type { ColumnTable, TableColumn } from "../columns/column-table.ts";
import { areCategories } from "../profile/text-column.ts";

/** A column that counts rows is only called an identifier from so many training rows on. */
const countingRows = 20;

export interface ChosenColumns {
  readonly columns: readonly Exclude<TableColumn, { kind: "profile" }>[];
  readonly leftOut: readonly LeftOutColumn[];
}

/**
 * Columns in table order. Looks at the training rows only (of all folds together). A column that the request includes by
 * name is never left out as an identifier or text.
 */
export function chooseColumns(
  table: ColumnTable,
  training: Int32Array,
  request: { readonly target: string; readonly features: FeatureSpec; readonly groupColumn: string | null },
): ChosenColumns {
  const { include, exclude } = request.features;
  const columns: Exclude<TableColumn, { kind: "profile" }>[] = [];
  const leftOut: LeftOutColumn[] = [];
  const identifiers: { column: Exclude<TableColumn, { kind: "profile" }>; reason: string }[] = [];
  for (const { name } of table.profiles) {
    if (name === request.target) continue;
    const column = table.column(name) as TableColumn;
    const named = include?.includes(name) ?? false;
    if (exclude.includes(name)) leftOut.push({ name, reason: "The request excludes it." });
    else if (include !== null && !named) leftOut.push({ name, reason: "The request includes other columns only." });
    else if (name === request.groupColumn) leftOut.push({ name, reason: "The split groups rows by it." });
    else if (column.kind === "profile")
      leftOut.push({ name, reason: `Text with more than ${column.profile.distinctCount} different values.` });
    else {
      const reason = named ? null : identifierReason(column, training);
      if (reason === null) columns.push(column);
      else if (column.kind === "numbers") identifiers.push({ column, reason });
      else leftOut.push({ name, reason });
    }
  }
  // A column that counts rows is a poor feature, but better than none at all.
  if (columns.length === 0) columns.push(...identifiers.map(({ column }) => column));
  else leftOut.push(...identifiers.map(({ column, reason }) => ({ name: column.profile.name, reason })));
  const order = new Map(table.profiles.map((profile, index) => [profile.name, index]));
  leftOut.sort((a, b) => (order.get(a.name) as number) - (order.get(b.name) as number));
  return { columns, leftOut };
}

/** Throws `invalid_request` for names in the request's features that the table doesn't have, or that are the target. */
export function checkFeatureNames(table: ColumnTable, request: { readonly target: string; readonly features: FeatureSpec }): void {
  const { include, exclude } = request.features;
  checkNamed(table, include ?? [], "/features/include");
  checkNamed(table, exclude, "/features/exclude");
  const place = include?.indexOf(request.target) ?? -1;
  if (place === -1) return;
  throw invalid([{ where: `/features/include/${place}`, received: request.target, required: "columns other than the target" }]);
}

/** A sentence where the column names rows instead of describing them; null otherwise. */
function identifierReason(column: Exclude<TableColumn, { kind: "profile" }>, training: Int32Array): string | null {
  if (column.kind === "numbers") {
    if (column.profile.type !== "integer" || column.gaps !== null || training.length < countingRows) return null;
    const offset = (column.values[training[0] as number] as number) - (training[0] as number);
    for (const row of training) if ((column.values[row] as number) !== row + offset) return null;
    return "An identifier: it counts the rows.";
  }
  if (column.profile.type === "boolean") return null;
  const seen = new Uint8Array(column.labels.length + 1);
  let values = 0;
  for (const row of training) {
    const code = column.codes[row] as number;
    if (code === 0) continue;
    values++;
    seen[code] = 1;
  }
  const seenCount = seen.reduce((sum, flag) => sum + flag, 0);
  if (column.profile.type !== "text" && areCategories(seenCount, values)) return null;
  if (column.profile.type !== "text" && values < countingRows) return null;
  return seenCount > 0.5 * values
    ? `An identifier or free text: ${seenCount} different texts in ${values} training rows.`
    : `Text with ${seenCount} different values in ${values} training rows: too many to be categories.`;
}

function checkNamed(table: ColumnTable, names: readonly string[], where: string): void {
  const issues: Issue[] = names.flatMap((name, index) =>
    table.column(name) === undefined
      ? [
          {
            where: `${where}/${index}`,
            received: name,
            required: `one of ${table.profiles
              .slice(0, 50)
              .map((profile) => profile.name)
              .join(", ")}`,
          },
        ]
      : [],
  );
  if (issues.length > 0) throw invalid(issues);
}

function invalid(issues: readonly Issue[]): RightsizeError {
  return new RightsizeError("invalid_request", "The features name columns that can't be used.", { issues });
}
