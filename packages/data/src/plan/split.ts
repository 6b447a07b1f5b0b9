/** Which rows test, validate and train: every split becomes one role a row. */
import { permutation, RightsizeError, type SplitSpec } from "@rightsize/core";
import { type ColumnTable, isGap } from "../columns/column-table.ts";
import { rowRoles } from "./plan-file.ts";

export interface Split {
  /** [rowCount], see `rowRoles`. */
  readonly roles: Uint8Array;
  readonly folds: number;
}

/** Rows that have a target, ascending, and their classes (for stratifying; null for regression). */
export interface SplitRows {
  readonly rows: Int32Array;
  /** [rows.length]; null for regression. */
  readonly classes: Int32Array | null;
}

/**
 * The test rows are set apart first, then the rest is divided. Throws `invalid_request` with a pointer into the request's
 * split, or `unusable_data` when the table can't be divided so.
 */
export function splitRows(table: ColumnTable, usable: SplitRows, spec: SplitSpec): Split {
  const roles = new Uint8Array(table.rowCount);
  switch (spec.kind) {
    case "random": {
      const stratum = stratumOf(usable, spec.stratify);
      const { test, rest } = setTestApart(shuffled(usable, spec.seed), spec.testFraction, stratum);
      const { chosen, others } = choose(rest, countOf(spec.validationFraction, rest.length), stratum);
      return mark(roles, usable, { test, validation: [chosen], training: others });
    }
    case "folds": {
      const stratum = stratumOf(usable, spec.stratify);
      const { test, rest } = setTestApart(shuffled(usable, spec.seed), spec.testFraction, stratum);
      if (rest.length < spec.folds) {
        throw unusable("/split/folds", `${rest.length} rows for ${spec.folds} folds`, "at least one row a fold");
      }
      const dealt = stratum === null ? rest : sortedBy(rest, stratum);
      const validation = Array.from({ length: spec.folds }, (_, fold) => dealt.filter((_, position) => position % spec.folds === fold));
      return mark(roles, usable, { test, validation, training: none });
    }
    case "rows":
      return splitByNumbers(roles, usable, spec);
    case "group":
      return splitByGroup(roles, table, usable, spec);
    case "time":
      return splitByTime(roles, table, usable, spec);
    default:
      return spec satisfies never;
  }
}

/** Positions into `usable.rows`. */
type Positions = Int32Array;
const none: Positions = new Int32Array(0);

/** All positions in a seeded order. */
const shuffled = (usable: SplitRows, seed: number): Positions => permutation(usable.rows.length, seed, "split", 0);

type Stratum = ((position: number) => number) | null;

function stratumOf(usable: SplitRows, stratify: boolean): Stratum {
  if (!stratify) return null;
  const { classes } = usable;
  if (classes === null) {
    throw new RightsizeError("invalid_request", "Only a classification can be stratified.", {
      issues: [{ where: "/split/stratify", received: "true for regression", required: "false, or a classification" }],
    });
  }
  return (position) => classes[position] as number;
}

/** A fraction of some rows as a count; a fraction above 0 leaves at least one row on each side where there are two. */
function countOf(fraction: number, total: number): number {
  if (fraction === 0 || total < 2) return 0;
  const kept = Math.round((1 - fraction) * total);
  return total - Math.min(total - 1, Math.max(1, kept));
}

function setTestApart(order: Positions, testFraction: number, stratum: Stratum) {
  const count = Math.min(Math.round(testFraction * order.length), Math.max(0, order.length - 2));
  const { chosen, others } = choose(order, count, stratum);
  return { test: chosen, rest: others };
}

/** The first `count` positions of an order; with strata each gives its share of them, rounded by largest remainder. */
function choose(order: Positions, count: number, stratum: Stratum): { chosen: Positions; others: Positions } {
  if (stratum === null) return { chosen: order.subarray(0, count), others: order.subarray(count) };
  const sizes = new Map<number, number>();
  for (const position of order) sizes.set(stratum(position), (sizes.get(stratum(position)) ?? 0) + 1);
  const quotas = [...sizes].map(([key, size]) => ({
    key,
    quota: Math.floor((count * size) / order.length),
    rest: (count * size) % order.length,
  }));
  let missing = count - quotas.reduce((sum, { quota }) => sum + quota, 0);
  for (const entry of quotas.sort((a, b) => b.rest - a.rest || a.key - b.key)) {
    if (missing-- <= 0) break;
    entry.quota++;
  }
  const left = new Map(quotas.map(({ key, quota }) => [key, quota]));
  const isChosen = (position: number) => {
    const remaining = left.get(stratum(position)) ?? 0;
    if (remaining > 0) left.set(stratum(position), remaining - 1);
    return remaining > 0;
  };
  const flags = Uint8Array.from(order, (position) => Number(isChosen(position)));
  return { chosen: order.filter((_, index) => flags[index] === 1), others: order.filter((_, index) => flags[index] === 0) };
}

/** Positions by a key, those of equal keys in the order they had. */
const sortedBy = (positions: Positions, key: (position: number) => number): Positions =>
  Int32Array.from(Array.from(positions).sort((a, b) => key(a) - key(b)));

function mark(
  roles: Uint8Array,
  usable: SplitRows,
  parts: { test: Positions; validation: readonly Positions[]; training: Positions },
): Split {
  const set = (positions: Positions, role: number) => {
    for (let index = 0; index < positions.length; index++) roles[usable.rows[positions[index] as number] as number] = role;
  };
  set(parts.training, rowRoles.training);
  set(parts.test, rowRoles.test);
  parts.validation.forEach((positions, fold) => {
    set(positions, rowRoles.firstFold + fold);
  });
  return { roles, folds: parts.validation.length };
}

function splitByNumbers(roles: Uint8Array, usable: SplitRows, spec: Extract<SplitSpec, { kind: "rows" }>): Split {
  const hasTarget = new Uint8Array(roles.length);
  for (const row of usable.rows) hasTarget[row] = 1;
  const named = new Map<number, string>();
  const place = (rows: readonly number[], part: "training" | "validation" | "test", role: number) => {
    rows.forEach((row, index) => {
      const where = `/split/${part}/${index}`;
      if (!Number.isInteger(row) || row < 0 || row >= roles.length) {
        throw new RightsizeError("invalid_request", `The table has no row ${row}.`, {
          issues: [{ where, received: String(row), required: `a row number from 0 to ${roles.length - 1}` }],
        });
      }
      const earlier = named.get(row);
      if (earlier !== undefined) {
        throw new RightsizeError("invalid_request", `Row ${row} is in the split twice.`, {
          issues: [{ where, received: `row ${row}, which ${earlier} names already`, required: "each row at most once" }],
        });
      }
      named.set(row, where);
      if (hasTarget[row] === 1) roles[row] = role;
    });
  };
  place(spec.training, "training", rowRoles.training);
  place(spec.validation, "validation", rowRoles.firstFold);
  place(spec.test, "test", rowRoles.test);
  return { roles, folds: 1 };
}

function splitByGroup(roles: Uint8Array, table: ColumnTable, usable: SplitRows, spec: Extract<SplitSpec, { kind: "group" }>): Split {
  const column = table.column(spec.column);
  if (column === undefined) throw unknownColumn(spec.column, table);
  if (column.kind === "profile") throw unusable("/split/column", "a column of too many different texts", "a column of groups");
  const keyOf = (row: number) => {
    if (column.kind === "codes") return column.codes[row] === 0 ? `gap ${row}` : `text ${column.codes[row]}`;
    return isGap(column.gaps, row) ? `gap ${row}` : `number ${column.values[row]}`;
  };
  const groups = new Map<string, number[]>();
  for (let position = 0; position < usable.rows.length; position++) {
    const key = keyOf(usable.rows[position] as number);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [position]);
    else members.push(position);
  }
  const wanted = spec.testFraction > 0 ? 3 : 2;
  if (groups.size < wanted) {
    throw unusable("/split/column", `${groups.size} groups in ${spec.column}`, `at least ${wanted} groups: one a part`);
  }
  const members = [...groups.values()];
  const order = Array.from(permutation(members.length, spec.seed, "split", 0), (group) => members[group] as number[]);
  const test = takeGroups(order, spec.testFraction * usable.rows.length, 2);
  const rest = order.reduce((sum, group) => sum + group.length, 0);
  const validation = takeGroups(order, spec.validationFraction * rest, 1);
  return mark(roles, usable, {
    test: Int32Array.from(test),
    validation: [Int32Array.from(validation)],
    training: Int32Array.from(order.flat()),
  });
}

/** Moves whole groups out of `order` while that brings their rows closer to `count`; at least one group where count > 0; leaves at least `leave`. */
function takeGroups(order: number[][], count: number, leave: number): number[] {
  const taken: number[] = [];
  if (count <= 0) return taken;
  for (let index = 0; index < order.length && order.length > leave; ) {
    const group = order[index] as number[];
    if (Math.abs(taken.length + group.length - count) < Math.abs(taken.length - count)) {
      taken.push(...group);
      order.splice(index, 1);
    } else index++;
  }
  if (taken.length > 0) return taken;
  const smallest = order.reduce((best, group, index) => (group.length < (order[best] as number[]).length ? index : best), 0);
  return order.splice(smallest, 1)[0] as number[];
}

function splitByTime(roles: Uint8Array, table: ColumnTable, usable: SplitRows, spec: Extract<SplitSpec, { kind: "time" }>): Split {
  const column = table.column(spec.column);
  if (column === undefined) throw unknownColumn(spec.column, table);
  if (column.kind !== "numbers") {
    throw unusable("/split/column", `${spec.column}, a column of ${column.profile.type}`, "a column of dates or numbers");
  }
  const gap = usable.rows.find((row) => isGap(column.gaps, row) || !Number.isFinite(column.values[row]));
  if (gap !== undefined)
    throw unusable("/split/column", `no time in row ${gap + 1} of ${spec.column}`, "a time in every row that has a target");
  const order = sortedBy(
    Int32Array.from({ length: usable.rows.length }, (_, position) => position),
    (position) => column.values[usable.rows[position] as number] as number,
  );
  const testCount = Math.min(Math.round(spec.testFraction * order.length), Math.max(0, order.length - 2));
  const rest = order.subarray(0, order.length - testCount);
  const validationCount = countOf(spec.validationFraction, rest.length);
  return mark(roles, usable, {
    test: order.subarray(order.length - testCount),
    validation: [rest.subarray(rest.length - validationCount)],
    training: rest.subarray(0, rest.length - validationCount),
  });
}

function unknownColumn(name: string, table: ColumnTable): RightsizeError {
  const names = table.profiles.map((profile) => profile.name);
  return new RightsizeError("invalid_request", `The table has no column ${name}.`, {
    issues: [{ where: "/split/column", received: name, required: `one of ${names.slice(0, 50).join(", ")}` }],
  });
}

function unusable(where: string, received: string, required: string): RightsizeError {
  return new RightsizeError("unusable_data", "The table can't be split so.", { issues: [{ where, received, required }] });
}
