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
  for (let row = 0; row < roles.length; row++) {
    const role = roles[row] as number;
    if (role === rowRoles.test) counts.test++;
    else if (role >= rowRoles.firstFold) counts.validation++;
  }
  const repeated = { validation: 0, test: 0 };
  eachGroup(hashes, roles, (role, there) => {
    if (role === rowRoles.test) {
      // With one fold only, rows that validate never train.
      if (there !== 0 && (folds > 1 || there !== rowRoles.firstFold)) repeated.test++;
    } else if (role >= rowRoles.firstFold && there !== role) {
      // A row of a fold trains in every other fold.
      repeated.validation++;
    }
  });
  const parts = (["validation", "test"] as const)
    .filter((part) => repeated[part] > 0 && repeated[part] >= leastShare * counts[part])
    .map((part) => `${repeated[part]} of ${counts[part]} ${part} rows`);
  if (parts.length === 0) return [];
  return [
    `repeated rows: ${parts.join(" and ")} equal a training row in the target and every feature, so their scores partly measure memory; ` +
      "remove the copies, or split by a column that keeps them together",
  ];
}

/** More than one fold: the row's equals train whatever fold validates. */
const several = 255;
/** Rows that are looked at together: their table stays in the processor's cache. */
const bucketRows = 8192;

/**
 * Calls `visit` for each row that tests or validates with its role and the role of the rows that share its number and are no test rows: 0 for none,
 * `several` where they differ. The rows are dealt into buckets by their numbers first, since one table of all would be slow to reach into.
 */
function eachGroup(hashes: Float64Array, roles: Uint8Array, visit: (role: number, there: number) => void): void {
  const bucketBits = Math.max(0, Math.ceil(Math.log2(hashes.length / bucketRows)));
  const bucketCount = 2 ** bucketBits;
  const words = new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
  const bucketOf = (row: number) => (bucketBits === 0 ? 0 : mixOf(words, row) >>> (32 - bucketBits));
  const firsts = new Uint32Array(bucketCount + 1);
  for (let row = 0; row < hashes.length; row++) {
    if (roles[row] === rowRoles.unused) continue;
    const after = bucketOf(row) + 1;
    firsts[after] = (firsts[after] as number) + 1;
  }
  let largest = 0;
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    largest = Math.max(largest, firsts[bucket + 1] as number);
    firsts[bucket + 1] = (firsts[bucket + 1] as number) + (firsts[bucket] as number);
  }
  const keys = new Float64Array(firsts[bucketCount] as number);
  const keyRoles = new Uint8Array(keys.length);
  const places = firsts.slice(0, bucketCount);
  for (let row = 0; row < hashes.length; row++) {
    if (roles[row] === rowRoles.unused) continue;
    const bucket = bucketOf(row);
    const place = places[bucket] as number;
    keys[place] = hashes[row] as number;
    keyRoles[place] = roles[row] as number;
    places[bucket] = place + 1;
  }
  const table = new RoleTable(largest);
  const keyWords = new Uint32Array(keys.buffer);
  for (let bucket = 0; bucket < bucketCount; bucket++) {
    const end = firsts[bucket + 1] as number;
    table.clear();
    for (let place = firsts[bucket] as number; place < end; place++) {
      const role = keyRoles[place] as number;
      if (role >= rowRoles.training) table.add(keys[place] as number, mixOf(keyWords, place), role);
    }
    for (let place = firsts[bucket] as number; place < end; place++) {
      const role = keyRoles[place] as number;
      if (role !== rowRoles.training) visit(role, table.roleOf(keys[place] as number, mixOf(keyWords, place)));
    }
  }
}

/** A number's float64 bits, mixed: they tell numbers apart as well as its value does, and are quicker to get at. */
const mixOf = (words: Uint32Array, place: number) =>
  Math.imul((words[2 * place] as number) ^ Math.imul(words[2 * place + 1] as number, 0x85ebca6b), 0x9e3779b1) >>> 0;

/** Roles by row number, open addressing. */
class RoleTable {
  private readonly keys: Float64Array;
  private readonly roles: Uint8Array;
  private readonly mask: number;
  constructor(most: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * most)));
    this.mask = slots - 1;
    this.keys = new Float64Array(slots);
    this.roles = new Uint8Array(slots);
  }
  clear(): void {
    this.roles.fill(0);
  }
  add(key: number, mix: number, role: number): void {
    const slot = this.slotOf(key, mix);
    const before = this.roles[slot] as number;
    this.keys[slot] = key;
    this.roles[slot] = before === 0 || before === role ? role : several;
  }
  roleOf(key: number, mix: number): number {
    return this.roles[this.slotOf(key, mix)] as number;
  }
  private slotOf(key: number, mix: number): number {
    const { keys, roles, mask } = this;
    let slot = mix & mask;
    while (roles[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }
}
