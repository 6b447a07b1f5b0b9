/** What a person should know of a plan before its scores are believed: rows on both sides of the split, columns that give the target away. */
import type { ColumnTable } from "../columns/column-table.ts";
import { rowHashes } from "../columns/row-hashes.ts";
import { rowRoles } from "./plan-file.ts";

/** Cells (rows × columns) up to which rows are compared, about a second's work; larger tables aren't looked through. */
const comparedCells = 200_000_000;

export interface PlannedColumns {
  readonly target: string;
  /** Columns that became features. */
  readonly features: readonly string[];
  readonly folds: number;
}

/** Warnings of a plan, the gravest first; each begins with a word and a colon. */
export function planWarnings(table: ColumnTable, roles: Uint8Array, planned: PlannedColumns): string[] {
  return [...leaks(table, planned), ...repeatedAcross(table, roles, planned)];
}

/** What the profile says of the target and some feature together (a sum, a copy): with such a feature the question is no question. */
function leaks(table: ColumnTable, { target, features }: PlannedColumns): string[] {
  const profiles = new Map(table.profiles.map((profile) => [profile.name, profile]));
  const said = profiles.get(target)?.warnings.filter((warning) => /^(leak|duplicate):/.test(warning)) ?? [];
  return said.flatMap((warning) => {
    const others = features.filter((name) => profiles.get(name)?.warnings.includes(warning));
    return others.length === 0 ? [] : [`leak: ${others.join(" and ")} among the features: ${warning.slice(warning.indexOf(":") + 2)}`];
  });
}

/** Fewer rows than this share of a part are not worth a warning: they move its score by less than its own noise. */
const leastShare = 0.001;

/** Counts rows that validate or test and equal, in the target and every feature, a row that trains. */
function repeatedAcross(table: ColumnTable, roles: Uint8Array, { target, features, folds }: PlannedColumns): string[] {
  const names = [target, ...features];
  if (table.rowCount * names.length > comparedCells) return [];
  const hashes = rowHashes(table, names, table.rowCount);
  if (hashes === null) return [];
  const counts = { validation: 0, test: 0 };
  for (const role of roles) {
    if (role === rowRoles.test) counts.test++;
    else if (role >= rowRoles.firstFold) counts.validation++;
  }
  const repeated = { validation: 0, test: 0 };
  const candidates = maybeRepeated(hashes, roles);
  const trains = trainingRoles(hashes, roles, candidates);
  for (const row of candidates) {
    const role = roles[row] as number;
    const there = trains.get(hashes[row] as number) ?? 0;
    if (role === rowRoles.test) {
      // With one fold only, rows that validate never train.
      if (there !== 0 && (folds > 1 || there !== rowRoles.firstFold)) repeated.test++;
    } else if (role >= rowRoles.firstFold && there !== role) {
      // A row of a fold trains in every other fold.
      repeated.validation++;
    }
  }
  const parts = (["validation", "test"] as const)
    .filter((part) => repeated[part] > 0 && repeated[part] >= leastShare * counts[part])
    .map((part) => `${repeated[part]} of ${counts[part]} ${part} rows`);
  if (parts.length === 0) return [];
  return [
    `repeated rows: ${parts.join(" and ")} equal a training row in the target and every feature, so their scores partly measure memory; ` +
      "remove the copies, or split by a column that keeps them together",
  ];
}

/**
 * Rows in use whose number some other row may have too: all that do, and a few more. Two bits for each of 2^26 places stay in the
 * processor's cache where a table of all numbers wouldn't, and leave little to compare exactly.
 */
function maybeRepeated(hashes: Float64Array, roles: Uint8Array): Int32Array {
  const placeBits = Math.min(26, Math.max(10, Math.ceil(Math.log2(hashes.length)) + 4));
  const shift = 32 - placeBits;
  const seen = new Uint32Array(2 ** (placeBits - 5));
  const again = new Uint32Array(2 ** (placeBits - 5));
  // The bits of a float64 tell numbers apart as well as its value does, and are quicker to mix.
  const words = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
  const placeOf = (row: number) =>
    Math.imul((words[2 * row] as number) ^ Math.imul(words[2 * row + 1] as number, 0x85ebca6b), 0x9e3779b1) >>> shift;
  for (let row = 0; row < hashes.length; row++) {
    if (roles[row] === rowRoles.unused) continue;
    const place = placeOf(row);
    const bit = 1 << (place & 31);
    if (((seen[place >>> 5] as number) & bit) !== 0) again[place >>> 5] = (again[place >>> 5] as number) | bit;
    else seen[place >>> 5] = (seen[place >>> 5] as number) | bit;
  }
  const candidates = new Int32Array(hashes.length);
  let count = 0;
  for (let row = 0; row < hashes.length; row++) {
    if (roles[row] === rowRoles.unused) continue;
    const place = placeOf(row);
    if (((again[place >>> 5] as number) & (1 << (place & 31))) !== 0) candidates[count++] = row;
  }
  return candidates.subarray(0, count);
}

/** More than one fold: the row's equals train whatever fold validates. */
const several = 255;

/** By row number the role of the rows that share it and are no test rows: `several` where they differ. */
function trainingRoles(hashes: Float64Array, roles: Uint8Array, rows: Int32Array): ReadonlyMap<number, number> {
  const held = new Map<number, number>();
  for (const row of rows) {
    const role = roles[row] as number;
    if (role < rowRoles.training) continue;
    const hash = hashes[row] as number;
    const before = held.get(hash);
    held.set(hash, before === undefined || before === role ? role : several);
  }
  return held;
}
