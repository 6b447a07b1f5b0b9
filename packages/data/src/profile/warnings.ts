/** What a person should know of one column before training on it. */
import { type CodeColumn, isGap, type NumberColumn, type TableColumn } from "../columns/column-table.ts";

/** Numbers that people write where they know nothing. */
const sentinels = [-9, -99, -999, -9999, -99_999, 99, 999, 9999, 99_999, 999_999, -1];

/** Short warnings, each beginning with a word for programs: `empty`, `constant`, `identifier`, `text`, `decimal commas`, `gaps`, `coded gaps`, `rare`. */
export function columnWarnings(column: TableColumn, rowCount: number): readonly string[] {
  const { profile } = column;
  const warnings: string[] = [];
  if (profile.gapCount === rowCount) return ["empty: no row has a value"];
  if (profile.distinctCount === 1) warnings.push("constant: every row has the same value");
  if (profile.type === "text") {
    const most = profile.distinctCount > 0.5 * (rowCount - profile.gapCount);
    warnings.push(
      most
        ? `identifier: ${profile.distinctCount} different texts in ${rowCount} rows`
        : `text: ${profile.distinctCount} different texts are too many to be categories`,
    );
  }
  if (column.kind !== "numbers" && areCommaNumbers(profile.examples))
    warnings.push(`decimal commas: ${profile.examples[0]} was read as a text; to read such texts as numbers, declare the decimal comma`);
  if (countsRows(column, rowCount)) warnings.push("identifier: it counts the rows");
  if (profile.gapCount > 0.5 * rowCount) warnings.push(`gaps: ${profile.gapCount} of ${rowCount} rows have no value`);
  if (column.kind === "numbers" && profile.type !== "date") warnings.push(...codedGaps(column, rowCount));
  if (column.kind === "codes" && profile.type === "category") warnings.push(...rareValues(column));
  return warnings;
}

/** Whether a column is the row number plus a constant, over at least 20 rows. */
export function countsRows(column: TableColumn, rowCount: number): boolean {
  if (column.kind !== "numbers" || column.profile.type !== "integer" || column.gaps !== null || rowCount < 20) return false;
  const first = column.values[0] as number;
  for (let row = 0; row < rowCount; row++) if (column.values[row] !== first + row) return false;
  return true;
}

/** Whether all of a column's examples look like `12,5` or `1.234,5`. */
function areCommaNumbers(examples: readonly string[]): boolean {
  return examples.length > 0 && examples.every((text) => /^[-+−]?(\d+|\d{1,3}(\.\d{3})+),\d+$/.test(text));
}

/** Values such as −999, or zeros, that lie apart from all others and are likely to stand for gaps. */
function codedGaps(column: NumberColumn, rowCount: number): string[] {
  const { minimum, maximum, distinctCount } = column.profile;
  if (minimum === null || maximum === null || distinctCount < 5) return [];
  const candidates = [0, ...sentinels].filter((value) => value === minimum || value === maximum);
  return candidates.flatMap((candidate) => {
    const rest = restOf(column, candidate, rowCount);
    if (rest.candidateCount < 2 || rest.count < 10 || rest.candidateCount > rest.count) return [];
    const distance = candidate < rest.minimum ? rest.minimum - candidate : candidate - rest.maximum;
    // A sentinel lies further out than the others spread; a zero at least a deviation away from numbers of one sign.
    const apart = candidate === 0 ? distance > rest.deviation : distance > rest.maximum - rest.minimum;
    return apart ? [`coded gaps: ${candidate} stands in ${rest.candidateCount} rows, far from all other values; is it a gap?`] : [];
  });
}

function restOf(column: NumberColumn, candidate: number, rowCount: number) {
  let candidateCount = 0;
  let count = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < rowCount; row++) {
    const value = column.values[row] as number;
    if (value - value !== 0 || isGap(column.gaps, row)) continue;
    if (value === candidate) {
      candidateCount++;
      continue;
    }
    count++;
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
    sum += value;
    squares += value * value;
  }
  const mean = count > 0 ? sum / count : 0;
  return { candidateCount, count, minimum, maximum, deviation: Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)) };
}

function rareValues(column: CodeColumn): string[] {
  const counts = new Uint32Array(column.labels.length + 1);
  for (const code of column.codes) counts[code] = (counts[code] as number) + 1;
  const rare = column.labels.filter((_, index) => counts[index + 1] === 1);
  if (rare.length === 0) return [];
  const shown = rare.slice(0, 3).join(", ");
  return [
    `rare: ${rare.length === 1 ? `the value ${shown} stands` : `${rare.length} values (${shown}${rare.length > 3 ? ", …" : ""}) stand`} in one row only`,
  ];
}
