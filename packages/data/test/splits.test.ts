/** Properties of splits by folds, groups and time, whatever the table's size, its gaps and the fractions. */
import { type ColumnProfile, RightsizeError, type SplitSpec } from "@rightsize/core";
import { type CodeColumn, type ColumnTable, foldRows, type NumberColumn, openPlan, tableOf } from "@rightsize/data";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planOf } from "./support/tables.ts";

/** What a row holds: its class (null is no target), its group (null is none), its time, and a feature that varies. */
interface Row {
  readonly kind: number | null;
  readonly group: number | null;
  readonly time: number;
}

const profile = (name: string, type: ColumnProfile["type"], gapCount: number): ColumnProfile => ({
  name,
  type,
  gapCount,
  distinctCount: 5,
  minimum: null,
  maximum: null,
  mean: null,
  deviation: null,
  histogram: [],
  examples: [],
  warnings: [],
});
const numbers = (name: string, values: readonly number[]): NumberColumn => ({
  kind: "numbers",
  profile: profile(name, "number", 0),
  values: Float64Array.from(values),
  gaps: null,
});
const codes = (name: string, values: readonly (number | null)[]): CodeColumn => ({
  kind: "codes",
  profile: profile(name, "category", values.filter((value) => value === null).length),
  codes: Uint8Array.from(values, (value) => (value === null ? 0 : value + 1)),
  labels: ["a", "b", "c", "d", "e", "f", "g", "h"],
});
const tableFrom = (rows: readonly Row[]): ColumnTable =>
  tableOf(rows.length, [
    numbers(
      "x",
      rows.map((_, row) => (row * 7919) % 101),
    ),
    codes(
      "group",
      rows.map(({ group }) => group),
    ),
    numbers(
      "time",
      rows.map(({ time }) => time),
    ),
    codes(
      "kind",
      rows.map(({ kind }) => kind),
    ),
  ]);

/** Row numbers of each fold's parts; null where so few rows can't be divided so (which is said, and nothing else is). */
function partsOf(rows: readonly Row[], split: SplitSpec) {
  try {
    const file = openPlan(planOf(tableFrom(rows), "kind", "classification", { split }).bytes);
    return file.folds.map((_, fold) => {
      const { training, validation, test } = foldRows(file, fold);
      return { training: [...training], validation: [...validation], test: [...test] };
    });
  } catch (error) {
    if (error instanceof RightsizeError && error.code === "unusable_data") return null;
    throw error;
  }
}

const usableRows = (rows: readonly Row[]) => rows.flatMap(({ kind }, row) => (kind === null ? [] : [row]));
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

/** Tables in which every class and group stands at least a few times. */
const someRows = fc
  .array(
    fc.record({
      kind: fc.option(fc.nat(2), { freq: 9 }),
      group: fc.option(fc.nat(5), { freq: 12 }),
      time: fc.integer({ min: -20, max: 20 }),
    }),
    { maxLength: 60 },
  )
  .map((more): readonly Row[] => [...Array.from({ length: 24 }, (_, row) => ({ kind: row % 3, group: row % 6, time: row % 9 })), ...more]);
const testFraction = fc.constantFrom(0, 0.1, 0.2, 0.35);
const validationFraction = fc.constantFrom(0.1, 0.25, 0.5);
const seed = fc.nat(1000);

/** Checks a property of all tables; says when so many were refused that it means little. */
function holds(
  split: fc.Arbitrary<SplitSpec>,
  check: (rows: readonly Row[], split: SplitSpec, parts: NonNullable<ReturnType<typeof partsOf>>) => void,
) {
  let divided = 0;
  let refused = 0;
  fc.assert(
    fc.property(someRows, split, (rows, spec) => {
      const parts = partsOf(rows, spec);
      if (parts === null) return void refused++;
      divided++;
      for (const { training, validation, test } of parts) {
        // Every row that has a target is in exactly one part, and no other row is in any.
        expect(sorted([...training, ...validation, ...test])).toEqual(usableRows(rows));
        expect(training.length).toBeGreaterThanOrEqual(2);
        expect(validation.length).toBeGreaterThanOrEqual(1);
      }
      check(rows, spec, parts);
    }),
    { numRuns: 150 },
  );
  expect(refused).toBeLessThan(divided / 4);
}

describe("folds", () => {
  const folds = fc.record({
    kind: fc.constant("folds" as const),
    folds: fc.integer({ min: 2, max: 6 }),
    testFraction,
    seed,
    stratify: fc.boolean(),
  });

  it("every row that doesn't test validates in exactly one fold; folds differ by one row at most; the test rows are the same in all", () => {
    holds(folds, (rows, spec, parts) => {
      if (spec.kind !== "folds") return;
      expect(parts).toHaveLength(spec.folds);
      const [{ test }] = parts as [(typeof parts)[number]];
      for (const fold of parts) expect(fold.test).toEqual(test);
      expect(test).toHaveLength(Math.round(spec.testFraction * usableRows(rows).length));
      const validated = parts.flatMap(({ validation }) => validation);
      expect(sorted([...validated, ...test])).toEqual(usableRows(rows));
      const sizes = parts.map(({ validation }) => validation.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    });
  });

  it("stratified, each class is spread over the folds to one row", () => {
    holds(
      folds.map((spec) => ({ ...spec, stratify: true })),
      (rows, _, parts) => {
        for (const kind of [0, 1, 2]) {
          const counts = parts.map(({ validation }) => validation.filter((row) => rows[row]?.kind === kind).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      },
    );
  });
});

it("groups: no group is in two parts, and a row without a group is one of its own", () => {
  const split = fc.record({ kind: fc.constant("group" as const), column: fc.constant("group"), validationFraction, testFraction, seed });
  holds(split, (rows, spec, [parts]) => {
    const partOf = new Map<number, Set<string>>();
    for (const [part, members] of Object.entries(parts ?? {})) {
      for (const row of members) {
        const group = rows[row]?.group ?? null;
        if (group !== null) partOf.set(group, (partOf.get(group) ?? new Set()).add(part));
      }
    }
    for (const where of partOf.values()) expect(where.size).toBe(1);
    expect((parts?.test.length ?? 0) > 0).toBe(spec.kind === "group" && spec.testFraction > 0);
  });
});

it("time: no row that validates is earlier than one that trains, and none that tests earlier than either", () => {
  const split = fc.record({ kind: fc.constant("time" as const), column: fc.constant("time"), validationFraction, testFraction });
  holds(split, (rows, spec, [parts]) => {
    const times = (members: readonly number[] = []) => members.map((row) => rows[row]?.time ?? 0);
    const { training, validation, test } = parts ?? { training: [], validation: [], test: [] };
    expect(Math.max(...times(training))).toBeLessThanOrEqual(Math.min(...times(validation)));
    if (test.length > 0) expect(Math.max(...times(validation))).toBeLessThanOrEqual(Math.min(...times(test)));
    const total = usableRows(rows).length;
    if (spec.kind !== "time") return;
    expect(test).toHaveLength(Math.round(spec.testFraction * total));
    expect(Math.abs(validation.length - spec.validationFraction * (total - test.length))).toBeLessThanOrEqual(0.5);
  });
});
