/** A table in memory, column by column: what planning and training read. */
import type { ColumnProfile } from "@rightsize/core";

export type NumberArray = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;
export type CodeArray = Uint8Array | Uint16Array | Uint32Array;

/** Types `number`, `integer` and `date` (milliseconds since 1970, UTC). */
export interface NumberColumn {
  readonly kind: "numbers";
  readonly profile: ColumnProfile;
  /** [rowCount]; 0 at a gap. Written NaN and infinities are kept. */
  readonly values: NumberArray;
  /** One bit a row, lowest first: set where the row has a gap; null without gaps. */
  readonly gaps: Uint8Array | null;
}

/** Types `boolean`, `category` and `text`. */
export interface CodeColumn {
  readonly kind: "codes";
  readonly profile: ColumnProfile;
  /** [rowCount]; 0 is a gap, k is labels[k − 1]. */
  readonly codes: CodeArray;
  /** Different texts, in code-unit order. */
  readonly labels: readonly string[];
}

/** A text column with more different texts than are kept: a profile only. */
export interface ProfileColumn {
  readonly kind: "profile";
  readonly profile: ColumnProfile;
}
export type TableColumn = NumberColumn | CodeColumn | ProfileColumn;

/** Rows that are images: the first height × width × channels columns are pixels in row-major order, channels last. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface ColumnTable {
  readonly rowCount: number;
  readonly profiles: readonly ColumnProfile[];
  /** null for an ordinary table. */
  readonly image: ImageShape | null;
  /** The column of that name, loaded when first asked for; undefined when there is none. */
  column(name: string): TableColumn | undefined;
}

/** Whether a row is a gap in a column's bits. */
export function isGap(gaps: Uint8Array | null, row: number): boolean {
  return gaps !== null && (((gaps[row >> 3] as number) >> (row & 7)) & 1) === 1;
}

/** A column's values as float64: one array type keeps hot loops fast, and the copy is native. */
export function asFloat64(values: NumberArray): Float64Array {
  return values instanceof Float64Array ? values : new Float64Array(values);
}

/** A table from columns that are already in memory. */
export function tableOf(rowCount: number, columns: readonly TableColumn[], image: ImageShape | null = null): ColumnTable {
  const byName = new Map(columns.map((column) => [column.profile.name, column]));
  return { rowCount, profiles: columns.map((column) => column.profile), image, column: (name) => byName.get(name) };
}

/** The value of one cell as a person would write it; null at a gap. Dates are ISO 8601. */
export function cellText(column: TableColumn, row: number): string | null {
  switch (column.kind) {
    case "numbers": {
      if (isGap(column.gaps, row)) return null;
      const value = column.values[row] as number;
      return column.profile.type === "date" ? isoText(value) : String(value);
    }
    case "codes":
      return column.labels[(column.codes[row] as number) - 1] ?? null;
    case "profile":
      return null;
    default:
      return column satisfies never;
  }
}

/** ISO 8601 of milliseconds since 1970: the date alone at midnight. */
export function isoText(ms: number): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return String(ms);
  return new Date(ms).toISOString().replace(/T00:00:00\.000Z$/, "");
}
