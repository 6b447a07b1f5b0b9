/** The ways people write the same table: every one is read alike. */
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { type ColumnTable, cellText, type DeclaredDialect } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { errorOf, fileOf, folder, readAndOpen } from "./support/tables.ts";

const cells = (table: ColumnTable) =>
  Array.from({ length: table.rowCount }, (_, row) => table.profiles.map(({ name }) => cellText(table.column(name) as never, row)));

/** name, amount, town: the table that each file below holds. */
const expected = [
  ["ann", "1.5", "Oslo"],
  ["bob", "-2", null],
  ["cat", "300", "Rome"],
  ["ann", null, "Oslo"],
];

describe("dialects of CSV", () => {
  const plain = "name,amount,town\nann,1.5,Oslo\nbob,-2,\ncat,3e2,Rome\nann,,Oslo\n";
  const written: readonly [string, string | Uint8Array, string, DeclaredDialect?][] = [
    ["commas", plain, "csv"],
    ["no line end at the end", plain.trimEnd(), "csv"],
    ["semicolons", plain.replaceAll(",", ";"), "csv"],
    ["tabs", plain.replaceAll(",", "\t"), "tsv"],
    ["bars", plain.replaceAll(",", "|"), "csv"],
    ["Windows line ends", plain.replaceAll("\n", "\r\n"), "csv"],
    ["old Mac line ends", plain.replaceAll("\n", "\r"), "csv"],
    ["a byte order mark", `\ufeff${plain}`, "csv"],
    ["everything quoted", plain.replaceAll(/[^,\n]+/g, (cell) => `"${cell}"`), "csv"],
    ["single quotes", plain.replaceAll(/[^,\n]+/g, (cell) => `'${cell}'`), "csv"],
    ["blanks around cells", plain.replaceAll(",", " , "), "csv"],
    ["blank lines between rows", plain.replaceAll("\n", "\n\n"), "csv"],
    ["an empty cell too many at the end of every row", plain.replaceAll(/(?<=[^n])\n/g, ",\n").replace("town,", "town"), "csv"],
    ["gaps as NA", plain.replace("-2,\n", "-2,NA\n").replace("ann,,", "ann,NA,"), "csv"],
    ["gaps as ?", plain.replace("-2,\n", "-2,?\n").replace("ann,,", "ann,?,"), "csv"],
    ["a dash for a missing number", plain.replace("ann,,", "ann,-,"), "csv"],
    ["decimal commas, declared", plain.replaceAll(",", ";").replace("1.5", "1,5"), "csv", { decimalComma: true }],
    ["decimal commas in tabs, declared", plain.replaceAll(",", "\t").replace("1.5", "1,5"), "tsv", { decimalComma: true }],
    ["a delimiter declared", plain.replaceAll(",", "~"), "csv", { delimiter: "~" }],
    ["gzipped", gzipSync(plain), "csv.gz"],
    [
      "NDJSON",
      '{"name":"ann","amount":1.5,"town":"Oslo"}\n{"name":"bob","amount":-2}\n{"name":"cat","amount":300,"town":"Rome"}\n{"name":"ann","amount":null,"town":"Oslo"}\n',
      "ndjson",
    ],
    [
      "JSON",
      '[{"name":"ann","amount":1.5,"town":"Oslo"},\n {"name":"bob","amount":-2},{"name":"cat","amount":300,"town":"Rome"},{"name":"ann","town":"Oslo"}]',
      "json",
    ],
    [
      "JSON with numbers as texts",
      '[{"name":"ann","amount":"1.5","town":"Oslo"},{"name":"bob","amount":"-2"},{"name":"cat","amount":"300","town":"Rome"},{"name":"ann","town":"Oslo"}]',
      "json",
    ],
    [
      "gzipped JSON",
      gzipSync(
        '[{"name":"ann","amount":1.5,"town":"Oslo"},{"name":"bob","amount":-2},{"name":"cat","amount":300,"town":"Rome"},{"name":"ann","town":"Oslo"}]',
      ),
      "json.gz",
    ],
  ];
  it.each(written)("%s", async (_, content, format, dialect) => {
    const { reading, table } = await readAndOpen(fileOf(content), dialect === undefined ? {} : { dialect });
    expect(reading.format).toBe(format);
    expect(reading.columns.map(({ name }) => name)).toEqual(["name", "amount", "town"]);
    expect(reading.columns[1]?.type).toBe("number");
    expect(cells(table)).toEqual(expected);
  });

  it("Parquet", async () => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const path = `${folder}/table.parquet`;
    await connection.run(
      `COPY (SELECT * FROM (VALUES ('ann', 1.5, 'Oslo'), ('bob', -2, NULL), ('cat', 300, 'Rome'), ('ann', NULL, 'Oslo')) t(name, amount, town)) TO '${path}'`,
    );
    connection.closeSync();
    const { reading, table } = await readAndOpen(path);
    expect(reading.format).toBe("parquet");
    expect(cells(table)).toEqual(expected);
  });

  it("no header: columns are numbered", async () => {
    const { reading, table } = await readAndOpen(fileOf("1,2.5,a\n2,3.5,b\n3,1,a\n"));
    expect(reading.columns.map(({ name }) => name)).toEqual(["column_1", "column_2", "column_3"]);
    expect(table.rowCount).toBe(3);
  });

  it.each([
    ["counts columns", "0,1,2\n5,6,7\n8,9,9\n", ["0", "1", "2"]],
    ["alone is quoted", '"2019","2020"\n5,6\n8,9\n', ["2019", "2020"]],
    ["holds a word above numbers", "id,2019\n5,6\n8,9\n", ["id", "2019"]],
  ])("a header of numbers is one where it %s", async (_, text, names) => {
    expect((await readAndOpen(fileOf(text))).reading.columns.map(({ name }) => name)).toEqual(names);
  });

  it("a header of numbers is one where it is declared", async () => {
    const { reading } = await readAndOpen(fileOf("2019,2020\n1,2\n3,4\n"), { dialect: { header: true } });
    expect(reading.columns.map(({ name }) => name)).toEqual(["2019", "2020"]);
  });

  it("a header that is denied is a row, one that is declared a header, whatever they look like", async () => {
    const read = async (header: boolean) => (await readAndOpen(fileOf("name,town\nann,Oslo\nbob,Rome\n"), { dialect: { header } })).reading;
    expect(await read(false)).toMatchObject({ rowCount: 3, columns: [{ name: "column_1" }, { name: "column_2" }] });
    expect(await read(true)).toMatchObject({ rowCount: 2, columns: [{ name: "name" }, { name: "town" }] });
  });

  it("with decimal commas declared, a comma parts no cells", async () => {
    const { table } = await readAndOpen(fileOf("a;b\n1,5;2,5\n3,25;4,0\n"), { dialect: { decimalComma: true } });
    expect(cells(table)).toEqual([
      ["1.5", "2.5"],
      ["3.25", "4"],
    ]);
    const one = await readAndOpen(fileOf("a\n1,5\n3,25\n"), { dialect: { decimalComma: true } });
    expect(cells(one.table)).toEqual([["1.5"], ["3.25"]]);
  });

  it("a quote that is declared: the others are part of the cells", async () => {
    const { table } = await readAndOpen(fileOf("a,b\n'x, \"y\"',1\nz,2\n"), { dialect: { quote: "'" } });
    expect(cells(table)[0]).toEqual(['x, "y"', "1"]);
  });

  it("of a file that is no CSV can't be declared", async () => {
    const error = await errorOf(() => readAndOpen(fileOf('[{"a":1},{"a":2}]'), { dialect: { delimiter: ";" } }));
    expect(error).toMatchObject({ code: "invalid_request", issues: [{ where: "delimiter" }] });
  });

  it("line ends, delimiters and doubled quotes inside quotes belong to the cell", async () => {
    const { table } = await readAndOpen(fileOf('note,x\n"a, ""quoted""\nnote",1\nplain,2\nplain,3\n'));
    expect(cells(table)[0]).toEqual(['a, "quoted"\nnote', "1"]);
  });

  it("one column alone is a table", async () => {
    const { table } = await readAndOpen(fileOf("x\n1\n2\n"));
    expect(cells(table)).toEqual([["1"], ["2"]]);
  });

  it("a column that is empty for long and then holds numbers is a column of numbers", async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row > 25_000 ? row / 2 : ""}`);
    const { reading } = await readAndOpen(fileOf(`a,late\n${rows.join("\n")}\n`));
    expect(reading.columns[1]).toMatchObject({ type: "number", gapCount: 25_001 });
  });

  it("a column of numbers that turns into words for good is text or categories", async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => `${row},${row > 10_000 ? ["low", "high"][row % 2] : row % 9}`);
    const { reading } = await readAndOpen(fileOf(`a,mixed\n${rows.join("\n")}\n`));
    expect(reading.columns[1]).toMatchObject({ type: "category", distinctCount: 11 });
  });

  it("dates that turn into something else are text", async () => {
    const rows = Array.from({ length: 5000 }, (_, row) => (row === 4000 ? "soon" : `2024-01-${String((row % 28) + 1).padStart(2, "0")}`));
    const { reading } = await readAndOpen(fileOf(`when,y\n${rows.map((cell, row) => `${cell},${row}`).join("\n")}\n`));
    expect(reading.columns[0]?.type).toBe("category");
  });

  it("the same table gives the same columnar bytes however it is delimited", async () => {
    const { readFile } = await import("node:fs/promises");
    const first = await readAndOpen(fileOf(plain));
    const second = await readAndOpen(fileOf(plain.replaceAll(",", ";")));
    expect((await readFile(first.outputPath)).equals(await readFile(second.outputPath))).toBe(true);
  });

  it("a file whose name holds glob characters is read as itself", async () => {
    const { table } = await readAndOpen(fileOf(plain, "odd [a]*?.csv"));
    expect(cells(table)).toEqual(expected);
  });
});

it("rows stay in the file's order however many threads read it", async () => {
  const { reading } = await readAndOpen(fileOf(`a,b\n${Array.from({ length: 1_000_000 }, (_, row) => `${row},${row % 7}`).join("\n")}\n`));
  expect(reading.rowCount).toBe(1_000_000);
  expect(reading.columns[0]?.warnings).toEqual(["identifier: it counts the rows"]);
});

it("a gzipped file of many reads comes out whole", async () => {
  const rows = Array.from({ length: 200_000 }, (_, row) => `${row},${(row * 7919) % 10_007},${(row * 104_729) % 7}`);
  const { table } = await readAndOpen(fileOf(gzipSync(`a,b,c\n${rows.join("\n")}\n`)));
  expect(table.rowCount).toBe(200_000);
  expect(cellText(table.column("b") as never, 199_999)).toBe(String((199_999 * 7919) % 10_007));
});

it("texts short and long, many and few, come back as they were written", async () => {
  const written = (row: number) =>
    ["", `t${row % 40_000}`, `a longer text than twelve bytes ${row % 3}`, "é", " blanks ", "trézé-lettre"][row % 6] as string;
  const rows = Array.from({ length: 200_000 }, (_, row) => `${written(row)},${row % 5}`);
  const { table } = await readAndOpen(fileOf(`t,y\n${rows.join("\n")}\n`));
  const column = table.column("t") as never;
  for (let row = 0; row < 200_000; row += 37) expect(cellText(column, row)).toBe(written(row).trim() || null);
});
