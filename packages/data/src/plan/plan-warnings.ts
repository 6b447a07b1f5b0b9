/** What a person should know of a plan before its scores are believed: rows on both sides of the split, columns that give the target away. */
import type { ColumnTable } from "../columns/column-table.ts";
import { rowHashes } from "../columns/row-hashes.ts";
import { rowRoles } from "./plan-file.ts";

/** Cells (rows × columns) up to which rows are compared; larger tables aren't looked through. */
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

/** Counts rows that validate or test and equal, in the target and every feature, a row that trains. */
function repeatedAcross(table: ColumnTable, roles: Uint8Array, { target, features, folds }: PlannedColumns): string[] {
  const names = [target, ...features];
  if (table.rowCount * names.length > comparedCells) return [];
  const hashes = rowHashes(table, names, table.rowCount);
  if (hashes === null) return [];
  const trains = trainingRoles(hashes, roles);
  const counts = { validation: 0, validationRepeated: 0, test: 0, testRepeated: 0 };
  for (let row = 0; row < roles.length; row++) {
    const role = roles[row] as number;
    if (role === rowRoles.unused || role === rowRoles.training) continue;
    const there = trains.of(hashes[row] as number);
    if (role === rowRoles.test) {
      counts.test++;
      // With one fold only, rows that validate never train.
      if (there !== 0 && (folds > 1 || there !== rowRoles.firstFold)) counts.testRepeated++;
    } else {
      counts.validation++;
      // A row of a fold trains in every other fold.
      if (there !== role) counts.validationRepeated++;
    }
  }
  const parts = [
    ...(counts.validationRepeated > 0 ? [`${counts.validationRepeated} of ${counts.validation} validation rows`] : []),
    ...(counts.testRepeated > 0 ? [`${counts.testRepeated} of ${counts.test} test rows`] : []),
  ];
  if (parts.length === 0) return [];
  return [
    `repeated rows: ${parts.join(" and ")} equal a training row in the target and every feature, so their scores partly measure memory; ` +
      "remove the copies, or split by a column that keeps them together",
  ];
}

/** More than one fold: the row's equals train whatever fold validates. */
const several = 255;

/** For each row number the role of the rows that share it and are no test rows: 0 for none, `several` where they differ. */
function trainingRoles(hashes: Float64Array, roles: Uint8Array): { of(hash: number): number } {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * hashes.length)));
  const mask = slots - 1;
  const keys = new Float64Array(slots).fill(-1);
  const held = new Uint8Array(slots);
  const slotOf = (hash: number) => {
    let slot = ((hash % 0x100000000) ^ (hash / 0x100000000)) & mask;
    while (keys[slot] !== -1 && keys[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  };
  for (let row = 0; row < hashes.length; row++) {
    const role = roles[row] as number;
    if (role < rowRoles.training) continue;
    const slot = slotOf(hashes[row] as number);
    keys[slot] = hashes[row] as number;
    held[slot] = held[slot] === 0 || held[slot] === role ? role : several;
  }
  return { of: (hash) => held[slotOf(hash)] as number };
}
