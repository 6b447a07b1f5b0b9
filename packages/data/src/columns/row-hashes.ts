/** A number for each row that equal rows share: the way repeated rows are found without comparing texts. */
import { type CodeColumn, type ColumnTable, isGap, type NumberColumn } from "./column-table.ts";

/** Stands for a gap; no table is expected to hold it. */
const gapValue = -1.234e-300;

/**
 * [rowCount] whole numbers in [0, 2^52) for the first rows of a table, over the named columns: equal rows have equal numbers (two
 * different rows of 500,000 share one with a chance of 1 in 36,000). null where a column is kept as a profile only: then nobody knows.
 */
export function rowHashes(table: ColumnTable, names: readonly string[], rowCount: number): Float64Array | null {
  const columns = names.map((name) => table.column(name));
  if (columns.some((column) => column === undefined || column.kind === "profile")) return null;
  const high = new Uint32Array(rowCount);
  const low = new Uint32Array(rowCount);
  const values = new Float64Array(rowCount);
  const words = new Uint32Array(values.buffer);
  for (const column of columns as readonly (CodeColumn | NumberColumn)[]) {
    values.set((column.kind === "codes" ? column.codes : column.values).subarray(0, rowCount));
    const gaps = column.kind === "numbers" ? column.gaps : null;
    for (let row = 0; row < rowCount; row++) {
      if (gaps !== null && isGap(gaps, row)) values[row] = gapValue;
      const first = words[2 * row] as number;
      const second = words[2 * row + 1] as number;
      const h = Math.imul((high[row] as number) ^ first, 0x85ebca6b) ^ second;
      const l = Math.imul((low[row] as number) ^ second, 0xc2b2ae35) ^ first;
      high[row] = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      low[row] = Math.imul(l ^ (l >>> 13), 0x297a2d39) + 0x7f4a7c15;
    }
  }
  for (let row = 0; row < rowCount; row++) values[row] = ((high[row] as number) >>> 12) * 0x100000000 + (low[row] as number);
  return values;
}
