/** Planning: splits, what is fitted and on which rows, and the errors of questions that can't be asked. */
import { defaultFeatures, type ErrorCode, type SplitSpec, type Task } from "@rightsize/core";
import {
  buildTensors,
  type ColumnTable,
  type DataLimits,
  defaultDataLimits,
  foldRows,
  openColumns,
  openPlan,
  planExperiment,
  readTable,
  tableOf,
  toOwnUnit,
  transformRows,
} from "@rightsize/data";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { errorOf, fileOf, planOf, randomSplit, readAndOpen, readOptions, tableFrom } from "./support/tables.ts";

/** 60 rows: numbers with gaps, a category, a truth, a date, a group, two targets. */
function mixedCsv(change: { row: number; cells: readonly string[] } | null = null): string {
  const lines = ["size,gappy,colour,new,day,group,price,kind"];
  for (let row = 0; row < 60; row++) {
    const cells = [
      String(((row * 37) % 23) + 0.5),
      row % 7 === 3 ? "" : String((row * 13) % 11),
      ["red", "green", "blue", "grey"][(row * row) % 4] ?? "",
      String(row % 3 === 0),
      `2024-0${(row % 9) + 1}-1${row % 8}`,
      `g${row % 10}`,
      String(100 + ((row * 29) % 41)),
      ["a", "b", "c"][row % 3] ?? "",
    ];
    lines.push((change?.row === row ? change.cells : cells).join(","));
  }
  return `${lines.join("\n")}\n`;
}
let mixed: ColumnTable;
beforeAll(async () => {
  mixed = await tableFrom(mixedCsv());
});

const splits: Record<string, SplitSpec> = {
  random: randomSplit,
  "random, stratified": { ...randomSplit, stratify: true } as SplitSpec,
  folds: { kind: "folds", folds: 4, testFraction: 0.2, seed: 5, stratify: false },
  "folds, stratified": { kind: "folds", folds: 4, testFraction: 0.2, seed: 5, stratify: true },
  rows: { kind: "rows", training: [...Array(30).keys()], validation: [30, 31, 33, 35], test: [40, 50] },
  group: { kind: "group", column: "group", validationFraction: 0.3, testFraction: 0.2, seed: 1 },
  time: { kind: "time", column: "day", validationFraction: 0.3, testFraction: 0.2 },
};

describe("splits", () => {
  it.each(Object.entries(splits))(
    "%s: parts don't overlap, every fold has rows of each, and equal requests give equal bytes",
    (_, split) => {
      const { bytes, plan } = planOf(mixed, "kind", "classification", { split });
      expect(Buffer.from(planOf(mixed, "kind", "classification", { split }).bytes).equals(Buffer.from(bytes))).toBe(true);
      const file = openPlan(bytes);
      expect(file.folds).toHaveLength(plan.folds);
      const validated = new Set<number>();
      for (let fold = 0; fold < plan.folds; fold++) {
        const { training, validation, test } = foldRows(file, fold);
        const all = [...training, ...validation, ...test];
        expect(new Set(all).size).toBe(all.length);
        expect(Math.min(training.length, validation.length)).toBeGreaterThan(0);
        for (const row of validation) {
          expect(validated.has(row)).toBe(false);
          validated.add(row);
        }
        const built = buildTensors(mixed, file, fold);
        expect(built.tensors.rowCount).toBe(all.length);
        expect([...built.rows.training, ...built.rows.validation, ...built.rows.test]).toEqual([...Array(all.length).keys()]);
      }
    },
  );

  it("random: 20 % of 60 rows test, 30 % of the rest validate", () => {
    expect(planOf(mixed, "price", "regression").plan).toMatchObject({ testRows: 12, validationRows: 14, trainingRows: 34 });
  });

  it("another split seed gives another split; the experiment's own seed doesn't touch it", () => {
    const bytesOf = (split: SplitSpec, seed: number) =>
      Buffer.from(planExperiment(mixed, { target: "price", task: "regression", features: defaultFeatures, split, seed }).bytes).toString(
        "hex",
      );
    expect(bytesOf({ ...randomSplit, seed: 1 } as SplitSpec, 0)).not.toBe(bytesOf(randomSplit, 0));
    expect(bytesOf(randomSplit, 9)).toBe(bytesOf(randomSplit, 0));
  });

  it("stratified: class shares of each part differ by at most one row", () => {
    const file = openPlan(planOf(mixed, "kind", "classification", { split: splits["random, stratified"] as SplitSpec }).bytes);
    for (const rows of Object.values(foldRows(file, 0))) {
      const counts = [0, 1, 2].map((kind) => [...rows].filter((row) => row % 3 === kind).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it("group: no group is in two parts, and the group's column is no feature", () => {
    const { bytes, plan } = planOf(mixed, "price", "regression", { split: splits.group as SplitSpec });
    const parts = Object.values(foldRows(openPlan(bytes), 0)).map((rows) => new Set([...rows].map((row) => row % 10)));
    expect(parts.reduce((sum, groups) => sum + groups.size, 0)).toBe(10);
    expect(plan.leftOut).toContainEqual({ name: "group", reason: "The split groups rows by it." });
  });

  it("time: validation comes after training, test after validation", () => {
    const file = openPlan(planOf(mixed, "price", "regression", { split: splits.time as SplitSpec }).bytes);
    const days = (rows: Int32Array) => [...rows].map((row) => `2024-0${(row % 9) + 1}-1${row % 8}`).sort();
    const { training, validation, test } = foldRows(file, 0);
    expect((days(training).at(-1) as string) <= (days(validation)[0] as string)).toBe(true);
    expect((days(validation).at(-1) as string) <= (days(test)[0] as string)).toBe(true);
  });

  it("rows: exactly the rows named; a row without a target is dropped", async () => {
    const table = await tableFrom("x,y\n1,1\n2,\n3,3\n4,5\n5,4\n6,9\n");
    const split: SplitSpec = { kind: "rows", training: [0, 1, 3, 5], validation: [2], test: [4] };
    const { bytes, plan } = planOf(table, "y", "regression", { split });
    expect(foldRows(openPlan(bytes), 0)).toEqual({
      training: Int32Array.of(0, 3, 5),
      validation: Int32Array.of(2),
      test: Int32Array.of(4),
    });
    expect(plan.droppedRows).toBe(1);
  });
});

describe("features", () => {
  it("numbers are standardised by the training rows' population deviation, gaps become the median with an indicator", async () => {
    const table = await tableFrom("x,y\n1,1\n2,2\n,3\n6,4\n100,5\n,6\n");
    const split: SplitSpec = { kind: "rows", training: [0, 1, 2, 3], validation: [4, 5], test: [] };
    const { bytes } = planOf(table, "y", "regression", { split });
    const { tensors } = buildTensors(table, openPlan(bytes), 0);
    expect(tensors.inputs).toBe(2);
    const deviation = Math.sqrt((1.75 ** 2 + 0.75 ** 2 + 0.75 ** 2 + 3.25 ** 2) / 4);
    const expected = [1, 2, 2, 6, 100, 2].map((value) => (value - 2.75) / deviation);
    expect(column(tensors, 0)).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(column(tensors, 1).map((value) => value > 0)).toEqual([false, false, true, false, false, true]);
  });

  it("categories beyond the cap share `other`; a text unseen in training is `other` too", async () => {
    const letters = "aaaabbbccdefg".split("");
    const table = await tableFrom(`c,y\n${letters.map((letter, row) => `${letter},${row}`).join("\n")}\nzz,1\n`);
    const split: SplitSpec = { kind: "rows", training: [...Array(13).keys()], validation: [13], test: [] };
    const { bytes, plan } = planOf(table, "y", "regression", { split, features: { maxCategories: 3, scale: "none", include: ["c"] } });
    expect(plan.inputs).toBe(3);
    const { tensors } = buildTensors(table, openPlan(bytes), 0);
    expect([...tensors.x.slice(0, 3)]).toEqual([1, 0, 0]);
    expect([...tensors.x.slice(7 * 3, 7 * 3 + 3)]).toEqual([0, 0, 1]);
    expect([...tensors.x.slice(13 * 3)]).toEqual([0, 0, 1]);
  });

  it("a constant column, an empty one and a row counter are left out, with reasons", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row + 1},7,,${(row * 7) % 13},${row % 5}`);
    const table = await tableFrom(`id,same,nothing,x,y\n${rows.join("\n")}\n`);
    const { plan } = planOf(table, "y", "regression");
    expect(plan.featureColumns).toEqual(["x"]);
    expect(Object.fromEntries(plan.leftOut.map(({ name, reason }) => [name, reason]))).toEqual({
      id: expect.stringMatching(/identifier/),
      same: expect.stringMatching(/constant/),
      nothing: expect.stringMatching(/no value/),
    });
    expect(planOf(table, "y", "regression", { features: { include: ["id", "x"] } }).plan.featureColumns).toEqual(["id", "x"]);
  });

  it("the log target is learnt as a standardised logarithm and comes back in its own unit", async () => {
    const table = await tableFrom("x,y\n1,1\n2,10\n3,100\n4,1000\n");
    const split: SplitSpec = { kind: "rows", training: [0, 1, 2], validation: [3], test: [] };
    const { bytes } = planOf(table, "y", "regression", { split, features: { logTarget: true } });
    const { tensors, target } = buildTensors(table, openPlan(bytes), 0);
    expect([...tensors.y].map((value) => toOwnUnit(target, value))).toEqual([1, 10, 100, 1000].map((value) => expect.closeTo(value, 2)));
  });

  it("balanced class weights are n / (k × n of the class) on the training rows", async () => {
    const table = await tableFrom(`x,y\n${[..."aaab"].map((letter, row) => `${row},${letter}`).join("\n")}\n9,a\n`);
    const split: SplitSpec = { kind: "rows", training: [0, 1, 2, 3], validation: [4], test: [] };
    const { bytes, plan } = planOf(table, "y", "classification", { split });
    expect(buildTensors(table, openPlan(bytes), 0).classWeights).toEqual([4 / 6, 2]);
    expect(plan.meanPredictorLoss[0]).toBeCloseTo(-Math.log(0.75), 12);
  });

  it("raw rows at prediction become the same features as in training", () => {
    const features = { ...defaultFeatures, exclude: ["kind"] };
    const { bytes } = planExperiment(mixed, { target: "price", task: "regression", features, split: randomSplit, seed: 0 });
    const plan = openPlan(bytes);
    const { tensors } = buildTensors(mixed, plan, 0);
    const parts = foldRows(plan, 0);
    const order = [...parts.training, ...parts.validation, ...parts.test];
    const lines = mixedCsv().trim().split("\n");
    const names = (lines[0] as string).split(",");
    const raw = order.map((row) => {
      const cells = (lines[row + 1] as string).split(",");
      return Object.fromEntries(names.map((name, index) => [name, name === "size" ? Number(cells[index]) : (cells[index] ?? null)]));
    });
    expect(transformRows(plan, raw).x).toEqual(tensors.x);
  });

  it("a raw row with text for a number is refused by row and column", async () => {
    const plan = openPlan(planOf(mixed, "price", "regression").bytes);
    const error = await errorOf(() => transformRows(plan, [{ size: 1 }, { size: "big", new: "maybe" }]));
    expect(error.code).toBe("invalid_request");
    expect(error.issues.map(({ where }) => where)).toEqual(["/rows/1/size", "/rows/1/new"]);
  });
});

function column(tensors: { readonly x: Float32Array; readonly inputs: number; readonly rowCount: number }, input: number): number[] {
  return Array.from({ length: tensors.rowCount }, (_, row) => tensors.x[row * tensors.inputs + input] as number);
}

describe("nothing is fitted on a row that doesn't train", () => {
  it("changing a validation or test row changes no fitted number, whatever it is changed to", async () => {
    const cell = fc.oneof(
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => String(value)),
      fc.constant(""),
    );
    for (const [name, split] of Object.entries(splits)) {
      if (split.kind === "folds" || split.kind === "time" || split.kind === "group") continue;
      const spec: SplitSpec = split.kind === "random" ? { ...split, stratify: false } : split;
      const before = openPlan(planOf(mixed, "price", "regression", { split: spec }).bytes);
      const { validation, test } = foldRows(before, 0);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...validation, ...test),
          cell,
          cell,
          fc.constantFrom("red", "green", "violet", ""),
          fc.constantFrom("true", "false", ""),
          fc.integer({ min: -1000, max: 100_000 }),
          async (row, size, gappy, colour, fresh, price) => {
            const cells = [size, gappy, colour, fresh, "2031-12-31", "g99", String(price), "a"];
            const table = await tableFrom(mixedCsv({ row, cells }));
            const after = openPlan(planOf(table, "price", "regression", { split: spec }).bytes);
            expect(after.folds, name).toEqual(before.folds);
          },
        ),
        { numRuns: 15 },
      );
    }
  });

  it("changing a training row does change them (so the property above can fail)", async () => {
    const before = openPlan(planOf(mixed, "price", "regression", { split: splits.rows as SplitSpec }).bytes);
    const cells = ["1000", "4", "red", "true", "2024-01-10", "g1", "100", "a"];
    const table = await tableFrom(mixedCsv({ row: 3, cells }));
    expect(openPlan(planOf(table, "price", "regression", { split: splits.rows as SplitSpec }).bytes).folds).not.toEqual(before.folds);
  });
});

describe("questions that can't be asked", () => {
  const cases: readonly [
    string,
    string,
    Parameters<typeof planOf>[1],
    Parameters<typeof planOf>[2],
    Parameters<typeof planOf>[3],
    ErrorCode,
    RegExp,
  ][] = [
    ["an unknown target", "x,y\n1,2\n2,3\n", "z", "regression", {}, "invalid_request", /\/target/],
    ["text for regression", "x,y\n1,a\n2,b\n3,a\n", "y", "regression", {}, "invalid_request", /\/target/],
    ["no value in the target", "x,y\n1,\n2,\n", "y", "regression", {}, "unusable_data", /\/target/],
    ["one class", "x,y\n1,a\n2,a\n3,a\n", "y", "classification", {}, "unusable_data", /\/target/],
    ["NaN in the target", "x,y\n1,1\n2,NaN\n3,4\n4,5\n", "y", "regression", {}, "unusable_data", /row 2, column y/],
    ["infinity in the target", "x,y\n1,1\n2,2\n3,inf\n4,5\n", "y", "regression", {}, "unusable_data", /row 3, column y/],
    ["a constant target", "x,y\n1,4\n2,4\n3,4\n", "y", "regression", {}, "unusable_data", /\/target/],
    ["log of zero", "x,y\n1,4\n2,0\n3,4\n", "y", "regression", { features: { logTarget: true } }, "unusable_data", /row 2, column y/],
    [
      "an unknown feature",
      "x,y\n1,4\n2,0\n3,4\n",
      "y",
      "regression",
      { features: { include: ["x", "w"] } },
      "invalid_request",
      /\/features\/include\/1/,
    ],
    [
      "the target as a feature",
      "x,y\n1,4\n2,0\n3,4\n",
      "y",
      "regression",
      { features: { include: ["x", "y"] } },
      "invalid_request",
      /\/features\/include\/1/,
    ],
    ["no feature at all", "y\n1\n2\n3\n4\n5\n6\n7\n", "y", "regression", {}, "unusable_data", /\/features/],
    [
      "a row out of range",
      "x,y\n1,4\n2,0\n3,4\n",
      "y",
      "regression",
      { split: { kind: "rows", training: [0, 1], validation: [3], test: [] } },
      "invalid_request",
      /\/split\/validation\/0/,
    ],
    [
      "a row in two parts",
      "x,y\n1,4\n2,0\n3,4\n",
      "y",
      "regression",
      { split: { kind: "rows", training: [0, 1], validation: [1], test: [] } },
      "invalid_request",
      /\/split\/validation\/0/,
    ],
    [
      "an unknown group column",
      "x,y\n1,4\n2,0\n3,4\n",
      "y",
      "regression",
      { split: { kind: "group", column: "g", validationFraction: 0.3, testFraction: 0, seed: 0 } },
      "invalid_request",
      /\/split\/column/,
    ],
    ["too few rows", "x,y\n1,4\n2,0\n", "y", "regression", {}, "unusable_data", /\/split/],
    [
      "stratified regression",
      "x,y\n1,4\n2,0\n3,3\n4,5\n",
      "y",
      "regression",
      { split: { ...randomSplit, stratify: true } as SplitSpec },
      "invalid_request",
      /\/split\/stratify/,
    ],
  ];
  it.each(cases)("%s", async (_, text, target, task, options, code, where) => {
    const table = await tableFrom(text);
    const error = await errorOf(() => planOf(table, target, task, options));
    expect(error.code).toBe(code);
    expect(error.issues[0]?.where).toMatch(where);
    expect(error.issues[0]?.received).not.toBe("");
    expect(error.issues[0]?.required).not.toBe("");
  });
});

describe("limits of a plan", () => {
  const plan = (limits: Partial<DataLimits>, target: string, task: Task) =>
    planExperiment(mixed, { target, task, features: defaultFeatures, split: randomSplit, seed: 0 }, { ...defaultDataLimits, ...limits });

  it("classes", async () => {
    const error = await errorOf(() => plan({ maxClassCount: 2 }, "kind", "classification"));
    expect(error.code).toBe("unusable_data");
    expect(error.issues[0]).toMatchObject({ where: "/target", required: "at most 2 classes" });
    expect(plan({ maxClassCount: 3 }, "kind", "classification").plan.outputs).toBe(3);
  });

  it("memory of a run", async () => {
    const error = await errorOf(() => plan({ maxTensorBytes: 1000 }, "kind", "classification"));
    expect(error.code).toBe("too_large");
  });

  it.each([{ maxDistinctTexts: 30 }, { maxTextCharacters: 200 }])(
    "a column of too many different texts (%j) keeps its profile, is no feature, no target and no group",
    async (limit) => {
      const text = `t,x,y\n${Array.from({ length: 40 }, (_, row) => `word ${row},${(row * 7) % 5},${row % 9}`).join("\n")}\n`;
      const limits = { ...defaultDataLimits, ...limit };
      const { reading, table } = await readAndOpen(fileOf(text), { limits });
      expect(reading.columns[0]).toMatchObject({ name: "t", type: "text" });
      expect(planOf(table, "y", "regression").plan.leftOut.map(({ name }) => name)).toEqual(["t"]);
      expect((await errorOf(() => planOf(table, "t", "classification"))).code).toBe("unusable_data");
      const split: SplitSpec = { kind: "group", column: "t", validationFraction: 0.3, testFraction: 0.2, seed: 0 };
      expect((await errorOf(() => planOf(table, "y", "regression", { split }))).code).toBe("unusable_data");
    },
  );
});

describe("the columnar file", () => {
  it("is the same, byte for byte, when the same file is read again", async () => {
    const path = fileOf(mixedCsv());
    const { readFile } = await import("node:fs/promises");
    const [first, second] = await Promise.all(
      [readOptions(), readOptions()].map(async (options) => {
        await readTable(path, options);
        return await readFile(options.outputPath);
      }),
    );
    expect(first?.equals(second as Buffer)).toBe(true);
  });

  it("damaged or cut off is said to be corrupt", async () => {
    const { outputPath } = await readAndOpen(fileOf(mixedCsv()));
    const { readFile } = await import("node:fs/promises");
    const bytes = await readFile(outputPath);
    for (const broken of [bytes.subarray(0, 10), bytes.subarray(0, 200), Buffer.from("hello, I am no table at all")]) {
      expect((await errorOf(() => openColumns(fileOf(broken)))).code).toBe("artifact_corrupt");
    }
    const cut = await openColumns(fileOf(bytes.subarray(0, bytes.length - 600)));
    expect((await errorOf(() => cut.profiles.map(({ name }) => cut.column(name)))).code).toBe("artifact_corrupt");
  });

  it("a plan of another table is refused", async () => {
    const plan = openPlan(planOf(mixed, "price", "regression").bytes);
    expect((await errorOf(() => buildTensors(tableOf(3, []), plan, 0))).code).toBe("artifact_corrupt");
    expect((await errorOf(() => openPlan(new Uint8Array([1, 2, 3])))).code).toBe("artifact_corrupt");
    expect((await errorOf(() => buildTensors(mixed, plan, 1))).code).toBe("invalid_request");
  });
});
