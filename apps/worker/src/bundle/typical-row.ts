/** One row that the preprocessing itself suggests, for the examples: medians, and the first category of each column. */
import type { FittedColumn } from "@rightsize/data";

/** Cells by column as JSON holds them: numbers (dates in milliseconds since 1970), texts, truths; null is a gap. */
export function typicalRow(columns: readonly FittedColumn[]): Readonly<Record<string, number | string | boolean | null>> {
  return Object.fromEntries(columns.map((column) => [column.name, typicalCell(column)]));
}

function typicalCell({ holds, features }: FittedColumn): number | string | boolean | null {
  switch (holds) {
    case "number": {
      const take = features.map((feature) => feature.take).find(({ kind }) => kind === "value");
      return take?.kind === "value" ? take.fill : null;
    }
    case "date": {
      const days = features.map((feature) => feature.take).find((take) => take.kind === "part" && take.part === "days");
      return days?.kind === "part" ? Math.round(days.fill * 86_400_000) : null;
    }
    case "boolean":
      return true;
    case "category": {
      const first = features.map((feature) => feature.take).find(({ kind }) => kind === "category");
      return first?.kind === "category" ? first.value : null;
    }
    default:
      return holds satisfies never;
  }
}
