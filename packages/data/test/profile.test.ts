/** The profile: types, statistics, warnings and the suggested target, by example. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { previewFile, previewRows } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { fileOf, readAndOpen, vegaFolder } from "./support/tables.ts";

const rowsOf = (count: number, row: (index: number) => string) => Array.from({ length: count }, (_, index) => row(index)).join("\n");
const profileOf = async (text: string) => (await readAndOpen(fileOf(text))).reading;
const warningsOf = async (text: string, name: string) => (await profileOf(text)).columns.find((column) => column.name === name)?.warnings;

describe("a column's profile", () => {
  it("counts, ranges and moments of numbers, gaps left out", async () => {
    const [x] = (await profileOf("x,y\n1,a\n2,b\n,a\n4,b\n5,a\n")).columns;
    expect(x).toMatchObject({ type: "integer", gapCount: 1, distinctCount: 4, minimum: 1, maximum: 5, mean: 3 });
    expect(x?.deviation).toBeCloseTo(Math.sqrt(2.5), 12);
    expect(x?.histogram.reduce((sum, bin) => sum + bin, 0)).toBe(4);
    expect(x?.histogram).toHaveLength(20);
    expect(x?.histogram.at(-1)).toBe(1);
  });

  it.each([
    ["whole numbers", "1 2 3", "integer"],
    ["decimals", "1.5 2 -3e-2", "number"],
    ["truths", "true False TRUE", "boolean"],
    ["ISO dates", "2024-01-01 2024-02-29 2024-12-31", "date"],
    ["ISO times", "2024-01-01T10:00:00Z 2024-02-29T00:00 2024-12-31T23:59:59.5+02:00", "date"],
    ["repeated texts", "red red blue", "category"],
    ["texts that all differ", "some words here", "text"],
    ["dates that can't be", "2024-02-30 2024-13-01 2024-00-10", "text"],
    ["numbers with units", "5kg 6kg 7kg", "text"],
  ])("%s: %s", async (_, cells, type) => {
    const values = cells.split(" ");
    const { columns } = await profileOf(`a,b\n${values.map((value, index) => `${value},${index}`).join("\n")}\n`);
    expect(columns[0]?.type).toBe(type);
  });

  it("estimates more than 65,536 different numbers to within 1 %", async () => {
    const { columns } = await profileOf(`x,y\n${rowsOf(120_000, (row) => `${row * 1.000_1},${row % 7}`)}\n`);
    expect(Math.abs((columns[0]?.distinctCount ?? 0) / 120_000 - 1)).toBeLessThan(0.01);
    expect(columns[1]?.distinctCount).toBe(7);
  });
});

describe("warnings", () => {
  it("a sum that leaks: casual + registered = cnt", async () => {
    const text = `casual,registered,cnt\n${rowsOf(50, (row) => `${(row * 7) % 23},${(row * 13) % 31},${((row * 7) % 23) + ((row * 13) % 31)}`)}\n`;
    const reading = await profileOf(text);
    expect(reading.warnings).toContainEqual(expect.stringMatching(/^leak: cnt = casual \+ registered/));
    for (const column of reading.columns) expect(column.warnings).toContainEqual(expect.stringMatching(/^leak/));
    const nearly = await profileOf(text.replace(/\n[^\n]+\n$/, "\n1,2,4\n"));
    expect(nearly.warnings.filter((warning) => warning.startsWith("leak"))).toEqual([]);
  });

  it("a near-duplicate: the same measure in another unit", async () => {
    const reading = await profileOf(
      `km,miles,x\n${rowsOf(60, (row) => `${row * row},${(row * row * 0.621_371).toFixed(3)},${(row * 7) % 13}`)}\n`,
    );
    expect(reading.warnings.filter((warning) => warning.startsWith("duplicate"))).toEqual([expect.stringMatching(/km and miles/)]);
  });

  it("a text and its code", async () => {
    const names = ["low", "mid", "high"];
    const reading = await profileOf(`level,code,x\n${rowsOf(60, (row) => `${names[row % 3]},${(row % 3) * 10},${(row * 7) % 13}`)}\n`);
    expect(reading.warnings).toContainEqual(expect.stringMatching(/^duplicate: each value of level .* code/));
  });

  it.each([
    ["-999 far from temperatures", (row: number) => (row % 9 === 4 ? "-999" : String(10 + (row % 20))), /^coded gaps: -999 stands in/],
    ["zeros among blood pressures", (row: number) => (row % 9 === 4 ? "0" : String(60 + (row % 40))), /^coded gaps: 0 stands in/],
    ["a constant", () => "5", /^constant/],
    ["a row counter", (row: number) => String(row + 7), /^identifier/],
    ["mostly gaps", (row: number) => (row % 5 === 0 ? String(row) : ""), /^gaps/],
    ["a class with one row", (row: number) => (row === 8 ? "odd" : row % 2 === 0 ? "a" : "b"), /^rare: the value odd/],
    ["NaN among numbers", (row: number) => (row === 8 ? "NaN" : String((row * row) % 17)), /^not finite: 1 /],
  ])("%s", async (_, cell, warning) => {
    const text = `c,y\n${rowsOf(60, (row) => `${cell(row)},${(row * 13) % 17}`)}\n`;
    expect(await warningsOf(text, "c")).toContainEqual(expect.stringMatching(warning));
    expect(await warningsOf(text, "y")).toEqual([]);
  });

  it("numbers whose decimal comma nobody declared", async () => {
    const text = `c;d;e\n${rowsOf(60, (row) => `${row % 7},${10 + row};${row % 3},5;a,${row}`)}\n`;
    expect(await warningsOf(text, "c")).toContainEqual(
      "decimal commas: 0,10 was read as a text; to read such texts as numbers, declare the decimal comma",
    );
    expect(await warningsOf(text, "d")).toEqual([expect.stringMatching(/^decimal commas: /)]);
    expect(await warningsOf(text, "e")).toEqual([expect.stringMatching(/^identifier: /)]);
  });

  it("a count of 0 to 23 hours is no coded gap", async () => {
    expect(await warningsOf(`hour,y\n${rowsOf(96, (row) => `${row % 24},${(row * row) % 19}`)}\n`, "hour")).toEqual([]);
  });

  it("repeated rows are counted", async () => {
    const text = `a,b,c\n${rowsOf(30, (row) => `${row},${row % 4},t${row % 3}`)}\n3,3,t0\n4,0,t1\n4,0,t1\n`;
    expect((await profileOf(text)).warnings).toContainEqual(expect.stringMatching(/^repeated rows: 3 of 33/));
    expect((await profileOf(`a,b\n${rowsOf(30, (row) => `${row},`)}\n`)).warnings).toEqual([]);
  });
});

it("a preview shows rows as they were written, gaps as null", async () => {
  const { table } = await readAndOpen(fileOf("a,when,ok\n1.50,2024-05-01,true\n,,false\n3,2024-05-02T10:00,\n"));
  expect(previewRows(table, 0, 2)).toEqual({
    columns: ["a", "when", "ok"],
    rows: [
      ["1.5", "2024-05-01", "true"],
      [null, null, "false"],
    ],
  });
  expect(previewRows(table, 2, 10).rows).toEqual([["3", "2024-05-02T10:00:00.000Z", null]]);
  expect(previewRows(table, 9, 10).rows).toEqual([]);
});

it("a preview read straight from the file shows the same rows, wherever it begins, and how many there are", async () => {
  const lines = Array.from({ length: 45 }, (_, row) =>
    [row % 3 === 1 ? "" : row / 4, row * 1000, row % 4 === 2 ? "" : `t${row % 5}`, row % 2 === 0, `2024-01-${(row % 27) + 10}`].join(","),
  );
  const { table, outputPath } = await readAndOpen(fileOf(`a,b,c,d,e\n${lines.join("\n")}\n`));
  for (const [first, count] of [
    [0, 45],
    [0, 3],
    [7, 1],
    [8, 9],
    [13, 20],
    [40, 100],
    [44, 1],
    [45, 1],
    [1000, 5],
    [3, 0],
  ] as const) {
    expect(await previewFile(outputPath, first, count), `from ${first}`).toEqual({ rowCount: 45, ...previewRows(table, first, count) });
  }
});

it("a preview is small: long cells are cut, of a very wide table fewer rows come", async () => {
  const { outputPath } = await readAndOpen(fileOf(`a,b\n${"x".repeat(999)},1\ny,2\nz,3\n`));
  const [[long]] = (await previewFile(outputPath, 0, 1)).rows as [[string]];
  expect([long.length, long.at(-1)]).toEqual([200, "…"]);
  const names = Array.from({ length: 2000 }, (_, column) => `c${column}`).join(",");
  const wide = await readAndOpen(fileOf(`${names}\n${Array.from({ length: 150 }, () => names.replaceAll("c", "")).join("\n")}\n`));
  expect((await previewFile(wide.outputPath, 0, 1000)).rows).toHaveLength(100);
});

describe("the suggested target", () => {
  it.each([
    ["a,target,c\n1,2.5,3\n2,3.5,9\n9,1.5,4\n", "target", "regression"],
    ["a,b,species\n1,2.5,x\n2,3.5,y\n9,1.5,x\n5,1,y\n", "species", "classification"],
    ["a,b\n1,0\n2,1\n9,0\n5,1\n", "b", "classification"],
    ["a,b\n1,3\n2,4\n9,5\n5,9\n", "b", "regression"],
    ["a,b\n7,some\n7,words\n7,all\n7,differ\n", null, null],
    ["wage_per_hour,union,south\n5.1,0,1\n4.9,1,0\n6.6,0,0\n", "wage_per_hour", "regression"],
    ["median_income,medianHouseValue,near\n5.1,100,sea\n4.9,110,sea\n6.6,90,hill\n", "medianHouseValue", "regression"],
    ["Miles_per_Gallon,Origin\n18,USA\n15.5,Japan\n16,USA\n", "Miles_per_Gallon", "regression"],
    ["price class,value\ncheap,x\ndear,y\ncheap,x\n", "value", "classification"],
    ["letter,f1,f2\nA,1,5\nB,4,2\nA,9,3\n", "letter", "classification"],
    ["place,f1,kind\nA,1,x\nB,4,y\nA,9,x\n", "kind", "classification"],
    ["list_price,sale_price,rooms\n5.1,4,1\n4.9,5.5,2\n6.6,6,2\n", "sale_price", "regression"],
  ])("%j", async (text, target, task) => {
    expect(await profileOf(text)).toMatchObject({ suggestedTarget: target, suggestedTask: task });
  });
});

const bike = join(import.meta.dirname, "../../../../shared/data/bike/data.csv");
describe("real tables", () => {
  it.skipIf(!existsSync(bike))(
    "bike: the leak, the row counter and the date are named (skipped where ../shared/data isn't there)",
    async () => {
      const { reading } = await readAndOpen(bike);
      expect(reading.warnings).toContainEqual(expect.stringMatching(/^leak: cnt = casual \+ registered/));
      expect(reading.columns.find(({ name }) => name === "instant")?.warnings).toContainEqual(expect.stringMatching(/^identifier/));
      expect(reading.warnings).toContainEqual(expect.stringMatching(/^dates: .*dteday/));
    },
  );

  it("cars.json: Name is an identifier, nothing else is wrong", async () => {
    const { reading } = await readAndOpen(join(vegaFolder, "cars.json"));
    expect(reading.columns.flatMap(({ name, warnings }) => (warnings.length > 0 ? [name] : []))).toEqual(["Name"]);
  });
});
