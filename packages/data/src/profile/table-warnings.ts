/** What a person should know of a table as a whole: columns that give each other away, and repeated rows. */
import { type CodeColumn, type ColumnTable, isGap, type NumberColumn, type TableColumn } from "../columns/column-table.ts";
import { rowHashes } from "../columns/row-hashes.ts";

/** Rows looked at before a pair is checked on all rows. */
const sampleRows = 500;
/** Pairs are only compared in tables of at most so many columns, sums of two in narrower ones. */
const pairColumnLimit = 100;
const sumColumnLimit = 40;
/** Rows looked at for repeated ones. */
const repeatRows = 500_000;
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
  const looked = Math.min(table.rowCount, repeatRows);
  const repeated = repeatedRows(table, looked);
  if (repeated > 0) {
    warnings.push(
      `repeated rows: ${repeated} of ${looked < table.rowCount ? "the first " : ""}${looked} rows equal an earlier row; copies may fall on both sides of a split`,
    );
  }
  return { table: warnings, columns: byColumn };
}

const valueAt = (column: NumberColumn, row: number): number => (isGap(column.gaps, row) ? Number.NaN : (column.values[row] as number));

/** Every how manieth row a sample takes; 1 takes all. */
const sampleStep = (rowCount: number) => Math.max(1, Math.floor(rowCount / sampleRows));

/** Triples [total, a, b] with total = a + b (to rounding) wherever all three have values. */
function findSums(columns: readonly NumberColumn[], rowCount: number): (readonly [string, string, string])[] {
  const found: (readonly [string, string, string])[] = [];
  const step = sampleStep(rowCount);
  for (const [first, a] of columns.entries()) {
    for (const b of columns.slice(first + 1)) {
      for (const total of columns) {
        if (total === a || total === b || !addsUp(total, a, b, rowCount, step) || !addsUp(total, a, b, rowCount, 1)) continue;
        found.push([total.profile.name, a.profile.name, b.profile.name]);
      }
    }
  }
  return found;
}

function addsUp(total: NumberColumn, a: NumberColumn, b: NumberColumn, rowCount: number, step: number): boolean {
  let compared = 0;
  for (let row = 0; row < rowCount; row += step) {
    const sum = valueAt(a, row) + valueAt(b, row);
    const whole = valueAt(total, row);
    if (Number.isNaN(sum - whole)) continue;
    if (Math.abs(sum - whole) > 1e-9 * Math.max(Math.abs(whole), Math.abs(sum), 1e-300)) return false;
    compared++;
  }
  return compared >= Math.min(rowCount, 10);
}

/** Pairs of number columns whose correlation is 1 for every practical purpose. */
function findTwins(columns: readonly NumberColumn[], rowCount: number): (readonly [string, string, string])[] {
  const found: (readonly [string, string, string])[] = [];
  if (rowCount < 10) return found;
  const step = sampleStep(rowCount);
  const varying = columns.filter(({ profile }) => profile.distinctCount > 10);
  for (const [first, a] of varying.entries()) {
    for (const b of varying.slice(first + 1)) {
      if (Math.abs(correlation(a, b, rowCount, step)) < sameCorrelation) continue;
      const full = correlation(a, b, rowCount, 1);
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

function correlation(a: NumberColumn, b: NumberColumn, rowCount: number, step: number): number {
  const meanA = a.profile.mean ?? 0;
  const meanB = b.profile.mean ?? 0;
  let count = 0;
  let sumA = 0;
  let sumB = 0;
  let aa = 0;
  let bb = 0;
  let ab = 0;
  for (let row = 0; row < rowCount; row += step) {
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

/** Rows among the first `rowCount` that equal an earlier row in every column. */
function repeatedRows(table: ColumnTable, rowCount: number): number {
  const hashes = rowHashes(
    table,
    table.profiles.map(({ name }) => name),
    rowCount,
  );
  if (hashes === null) return 0;
  hashes.sort();
  let repeated = 0;
  for (let index = 1; index < rowCount; index++) if (hashes[index] === hashes[index - 1]) repeated++;
  return repeated;
}
