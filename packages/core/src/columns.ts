/** What is known of a table's columns, shared by data (which computes it), the API and the page. */

export const columnTypes = ["number", "integer", "boolean", "category", "text", "date"] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly gapCount: number;
  readonly distinctCount: number;
  /** Numbers and dates (milliseconds since 1970); null for the others. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  readonly deviation: number | null;
  /** Numbers: counts of equal-width bins from minimum to maximum. Others: empty. */
  readonly histogram: readonly number[];
  /** Up to five values as text, most frequent first for categories. */
  readonly examples: readonly string[];
  /** For example `identifier`, `constant`; empty when there is nothing to say. */
  readonly warnings: readonly string[];
}

export interface LeftOutColumn {
  readonly name: string;
  /** A sentence: why it isn't a feature. */
  readonly reason: string;
}
