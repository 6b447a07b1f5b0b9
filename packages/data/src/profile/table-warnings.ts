/** What a person should know of a table as a whole: columns that give each other away, and repeated rows. */
import { type CodeColumn, type ColumnTable, isGap, type NumberColumn, type TableColumn } from "../columns/column-table.ts";

/** Rows looked at before a pair is checked on all rows. */
const sampleRows = 500;
/** Pairs are only compared in tables of at most so many columns, sums of two in narrower ones. */
const pairColumnLimit = 100;
const sumColumnLimit = 40;
/** Correlation from which one column is as good as the other. */
const sameCorrelation = 0.9999;

export interface TableWarnings {
  readonly table: readonly string[];
  /** More warnings for single columns, by name. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** Sums and near-duplicates (whichever of the columns is the target, the others leak it) and rows that stand in the table twice. */
export function tableWarnings(table: ColumnTable): TableWarnings {
  const warnings: string[] = [];
  const byColumn = new Map<string, string[]>();
  const warn = (names: readonly string[], sentence: string) => {
    warnings.push(sentence);
    for (const name of names) byColumn.set(name, [...(byColumn.get(name) ?? []), sentence]);
  };
  if (table.image === null) {
    const columns = table.profiles.map(({ name }) => table.column(name) as TableColumn);
    const numbers = columns.filter(
      (column): column is NumberColumn => column.kind === "numbers" && column.profile.type !== "date" && column.profile.distinctCount > 2,
    );
    for (const [total, a, b] of numbers.length <= sumColumnLimit ? findSums(numbers, table.rowCount) : []) {
      warn([total, a, b], `leak: ${total} = ${a} + ${b} in every row; to predict one of them, exclude the others`);
    }
    for (const [a, b, sentence] of numbers.length <= pairColumnLimit ? findTwins(numbers, table.rowCount) : []) warn([a, b], sentence);
    for (const [a, b] of columns.length <= pairColumnLimit ? findRenamings(columns, table.rowCount) : []) {
      warn([a, b], `duplicate: each value of ${a} goes with one value of ${b} and the other way round; to predict one, exclude the other`);
    }
  }
  const repeated = repeatedRows(table);
  if (repeated > 0) {
    warnings.push(`repeated rows: ${repeated} of ${table.rowCount} rows equal an earlier row; copies may fall on both sides of a split`);
  }
  return { table: warnings, columns: byColumn };
}

const valueAt = (column: NumberColumn, row: number): number => (isGap(column.gaps, row) ? Number.NaN : (column.values[row] as number));

function samplePlaces(rowCount: number): readonly number[] {
  const step = Math.max(1, Math.floor(rowCount / sampleRows));
  return Array.from({ length: Math.min(sampleRows, rowCount) }, (_, index) => index * step);
}

/** Triples [total, a, b] with total = a + b (to rounding) wherever all three have values. */
function findSums(columns: readonly NumberColumn[], rowCount: number): (readonly [string, string, string])[] {
  const found: (readonly [string, string, string])[] = [];
  const sample = samplePlaces(rowCount);
  const all = Array.from({ length: rowCount }, (_, row) => row);
  for (const [first, a] of columns.entries()) {
    for (const b of columns.slice(first + 1)) {
      for (const total of columns) {
        if (total === a || total === b || !addsUp(total, a, b, sample) || !addsUp(total, a, b, all)) continue;
        found.push([total.profile.name, a.profile.name, b.profile.name]);
      }
    }
  }
  return found;
}

function addsUp(total: NumberColumn, a: NumberColumn, b: NumberColumn, rows: readonly number[]): boolean {
  let compared = 0;
  for (const row of rows) {
    const sum = valueAt(a, row) + valueAt(b, row);
    const whole = valueAt(total, row);
    if (Number.isNaN(sum - whole)) continue;
    if (Math.abs(sum - whole) > 1e-9 * Math.max(Math.abs(whole), Math.abs(sum), 1e-300)) return false;
    compared++;
  }
  return compared >= Math.min(rows.length, 10);
}

/** Pairs of number columns whose correlation is 1 for every practical purpose. */
function findTwins(columns: readonly NumberColumn[], rowCount: number): (readonly [string, string, string])[] {
  const found: (readonly [string, string, string])[] = [];
  if (rowCount < 10) return found;
  const sample = samplePlaces(rowCount);
  const all = Array.from({ length: rowCount }, (_, row) => row);
  const varying = columns.filter(({ profile }) => profile.distinctCount > 10);
  for (const [first, a] of varying.entries()) {
    for (const b of varying.slice(first + 1)) {
      if (Math.abs(correlation(a, b, sample)) < sameCorrelation) continue;
      const full = correlation(a, b, all);
      if (Math.abs(full) < sameCorrelation) continue;
      const names = [a.profile.name, b.profile.name] as const;
      found.push([
        ...names,
        `duplicate: ${names[0]} and ${names[1]} have correlation ${full.toFixed(5)}; to predict one, exclude the other`,
      ]);
    }
  }
  return found;
}

function correlation(a: NumberColumn, b: NumberColumn, rows: readonly number[]): number {
  const meanA = a.profile.mean ?? 0;
  const meanB = b.profile.mean ?? 0;
  let count = 0;
  let sumA = 0;
  let sumB = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (const row of rows) {
    const x = valueAt(a, row) - meanA;
    const y = valueAt(b, row) - meanB;
    if (!Number.isFinite(x * y)) continue;
    count++;
    sumA += x;
    sumB += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const spread = (aa - (sumA * sumA) / count) * (bb - (sumB * sumB) / count);
  return count < 10 || !(spread > 0) ? 0 : (ab - (sumA * sumB) / count) / Math.sqrt(spread);
}

/** Pairs of columns with few values that are the same column under other names (a text and its code, say). */
function findRenamings(columns: readonly TableColumn[], rowCount: number): (readonly [string, string])[] {
  const few = columns.filter(
    (column): column is CodeColumn | NumberColumn =>
      column.kind !== "profile" && column.profile.distinctCount > 2 && column.profile.distinctCount <= Math.min(1000, rowCount / 4),
  );
  const found: (readonly [string, string])[] = [];
  const held = (column: CodeColumn | NumberColumn, row: number) =>
    column.kind === "codes" ? (column.codes[row] as number) : isGap(column.gaps, row) ? Number.NaN : (column.values[row] as number);
  for (const [first, a] of few.entries()) {
    for (const b of few.slice(first + 1)) {
      if (a.profile.distinctCount !== b.profile.distinctCount || a.profile.gapCount !== b.profile.gapCount) continue;
      if (a.kind === "numbers" && b.kind === "numbers" && a.profile.distinctCount > 10) continue;
      const there = new Map<number, number>();
      const back = new Map<number, number>();
      let renames = true;
      for (let row = 0; row < rowCount && renames; row++) {
        const x = held(a, row);
        const y = held(b, row);
        if (!there.has(x)) there.set(x, y);
        if (!back.has(y)) back.set(y, x);
        renames = Object.is(there.get(x), y) && Object.is(back.get(y), x);
      }
      if (renames) found.push([a.profile.name, b.profile.name]);
    }
  }
  return found;
}

/** Rows that equal an earlier row, by a 52-bit hash over all kept columns (a chance collision in 20 million rows: about 4 %, and one row off). */
function repeatedRows(table: ColumnTable): number {
  const high = new Uint32Array(table.rowCount);
  const low = new Uint32Array(table.rowCount);
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  for (const { name } of table.profiles) {
    const column = table.column(name) as TableColumn;
    if (column.kind === "profile") return 0;
    for (let row = 0; row < table.rowCount; row++) {
      if (column.kind === "codes") number[0] = column.codes[row] as number;
      else number[0] = isGap(column.gaps, row) ? -1.234e-300 : (column.values[row] as number);
      const h = Math.imul((high[row] as number) ^ (words[0] as number), 0x85ebca6b) ^ (words[1] as number);
      const l = Math.imul((low[row] as number) ^ (words[1] as number), 0xc2b2ae35) ^ (words[0] as number);
      high[row] = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      low[row] = Math.imul(l ^ (l >>> 13), 0x297a2d39) + 0x7f4a7c15;
    }
  }
  const keys = new Float64Array(table.rowCount);
  for (let row = 0; row < keys.length; row++) keys[row] = ((high[row] as number) >>> 12) * 0x100000000 + (low[row] as number);
  keys.sort();
  let repeated = 0;
  for (let index = 1; index < keys.length; index++) if (keys[index] === keys[index - 1]) repeated++;
  return repeated;
}
