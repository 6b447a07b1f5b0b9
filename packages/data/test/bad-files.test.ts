/** Over a hundred files that are no tables: each is refused with where, what and what instead; none leaves a file behind. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import type { ErrorCode } from "@rightsize/core";
import { type DataLimits, type DeclaredDialect, readTable } from "@rightsize/data";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { errorOf, fileOf, folder, readOptions, vegaFolder } from "./support/tables.ts";

type Content = string | Uint8Array;
type BadFile = readonly [
  string,
  Content,
  ErrorCode,
  RegExp,
  { readonly limits?: Partial<DataLimits>; readonly dialect?: DeclaredDialect }?,
];

const many = (count: number, row: (index: number) => string) => Array.from({ length: count }, (_, index) => row(index)).join("\n");
const latin1 = (text: string) => Buffer.from(text, "latin1");
const hex = (text: string) => Buffer.concat([Buffer.from(text, "hex"), Buffer.alloc(200, 7)]);
const good = `a,b\n${many(50, (row) => `${row},${row % 7}`)}\n`;
const packed = gzipSync(`a,b\n${many(20_000, (row) => `${row},${(row * 7919) % 10_007}`)}\n`);

const emptyOnes: readonly BadFile[] = [
  ["nothing", "", "unreadable_data", /file/],
  ["blank space", "  \n \n", "unreadable_data", /file/],
  ["line ends only", "\n\n\n\n", "unreadable_data", /file/],
  ["a byte order mark alone", "\ufeff", "unreadable_data", /file/],
  ["a header alone", "a,b,c\n", "unreadable_data", /file/],
  ["a header without a line end", "a,b,c", "unreadable_data", /file/],
  ["a header and blank lines", "a,b,c\n\n\n", "unreadable_data", /file/],
  ["an empty JSON array", "[]", "unreadable_data", /file/],
  ["an empty JSON array with blanks", " [ \n ] ", "unreadable_data", /file/],
  ["an array of empty objects", "[{}, {}]", "unreadable_data", /file/],
  ["gzip of nothing", gzipSync(""), "unreadable_data", /file/],
];

const ragged: readonly BadFile[] = [
  ["a row too short", "a,b\n1,2\n3\n4,5\n", "unreadable_data", /row 2 \(line 3\)/],
  ["a row too long", "a,b\n1,2\n3,4\n5,6,7\n", "unreadable_data", /row 3 \(line 4\)/],
  ["the first row too short", "a,b,c\n1,2\n3,4,5\n", "unreadable_data", /row 1 \(line 2\)/],
  ["the last row cut off", "a,b,c\n1,2,3\n4,5,6\n7,8", "unreadable_data", /row 3 \(line 4\)/],
  ["every row with a cell too many", "a,b\n1,2,5\n3,4,5\n", "unreadable_data", /row 1 \(line 2\)/],
  ["a ragged row after a cell of two lines", 'a,b\n"x\ny",2\n3\n4,5\n', "unreadable_data", /row 2 \(line 4\)/],
  ["a ragged row with Windows line ends", "a,b\r\n1,2\r\n3\r\n", "unreadable_data", /row 2 \(line 3\)/],
  ["a ragged row after blank lines", "a,b\n\n1,2\n\n3\n", "unreadable_data", /row 2 \(line 5\)/],
  ["a ragged row without a header", "1,2\n3,4\n5\n", "unreadable_data", /row 3 \(line 3\)/],
  [
    "a ragged row far down",
    `a,b\n${many(200_000, (row) => (row === 150_000 ? "7" : `${row},1`))}\n`,
    "unreadable_data",
    /row 150001 \(line 150002\)/,
  ],
  ["prose", "Dear all, good day\nthis is a letter, not a table, as you see.\nYours, truly, me\n", "unreadable_data", /row 1/],
  ["a quote never closed", 'a,b\n1,"2\n3,4\n', "unreadable_data", /row 1 \(line 2\)/],
  [
    "a quote never closed in a long file",
    `a,b\n1,"2\n${many(100_000, (row) => `${row},1`)}\n`,
    "unreadable_data|too_large" as ErrorCode,
    /row 1 \(line 2\)/,
  ],
  ["text after a closing quote", 'a,b\n1,"2"x\n3,4\n', "unreadable_data", /row 1 \(line 2\)/],
  ["another delimiter than declared", "a,b\n1,2\n3,4;5\n", "unreadable_data", /row 2/, { dialect: { delimiter: ";" } }],
];

const names: readonly BadFile[] = [
  ["a name twice", "a,b,a\n1,2,3\n", "unreadable_data", /column 3/],
  ["a name twice but for blanks", "a,b, a \n1,2,3\n", "unreadable_data", /column 3/],
  ["an empty name", "a,,c\n1,2,3\n", "unreadable_data", /column 2/],
  ["a blank name", "a,  ,c\n1,2,3\n", "unreadable_data", /column 2/],
  ["the unnamed first column of an exported index", ",a,b\n0,1,2\n1,3,4\n", "unreadable_data", /column 1/],
  ["a trailing delimiter in the header and every row", "a,b,\n1,2,\n3,4,\n", "unreadable_data", /column 3/],
  ["a name of 2,000 characters", `${"n".repeat(2000)},b\n1,2\n`, "unreadable_data", /column 1/],
  ["an empty name in JSON", '[{"": 1, "a": 2}]', "unreadable_data", /column 1/],
];

const mixedTypes: readonly BadFile[] = [
  [
    "a word among numbers",
    `price,y\n${many(30, (row) => (row === 6 ? "cheap,1" : `${row},${row}`))}\n`,
    "unreadable_data",
    /row 7 .*column price/,
  ],
  ["a word among three numbers", "price,y\n1,1\ncheap,2\n3,3\n4,4\n", "unreadable_data", /row 2 .*column price/],
  [
    "a word far down",
    `price,y\n${many(100_000, (row) => (row === 90_000 ? "cheap,1" : `${row},${row}`))}\n`,
    "unreadable_data",
    /row 90001 .*column price/,
  ],
  [
    "a unit among numbers",
    `price,y\n${many(30, (row) => (row === 6 ? "7 kg,1" : `${row},${row}`))}\n`,
    "unreadable_data",
    /row 7 .*column price/,
  ],
  [
    "a decimal comma among points",
    `price;y\n${many(30, (row) => (row === 6 ? "7,5;1" : `${row}.5;${row}`))}\n`,
    "unreadable_data",
    /row 7 .*column price/,
  ],
  [
    "a word in a number of JSON",
    `[${many(20, (row) => `{"price": ${row === 4 ? '"cheap"' : row}}`).replaceAll("\n", ",")}]`,
    "unreadable_data",
    /row 5, column price/,
  ],
  [
    "a word in a number of NDJSON",
    many(20, (row) => `{"price": ${row === 4 ? '"cheap"' : row}}`),
    "unreadable_data",
    /row 5, column price/,
  ],
];

const encodings: readonly BadFile[] = [
  ["Latin-1", latin1("name,x\ncaf\u00e9,1\n"), "unreadable_data", /line 2/],
  ["Latin-1 in the header", latin1("caf\u00e9,x\nb,1\n"), "unreadable_data", /line 1/],
  [
    "Latin-1 far down",
    Buffer.concat([Buffer.from(`name,x\n${many(200_000, (row) => `abc,${row}`)}\n`), latin1("caf\u00e9,1\n")]),
    "unreadable_data",
    /row 200001 .*column 1/,
  ],
  ["Latin-1 in JSON", latin1('[{"a": "caf\u00e9"}]'), "unreadable_data", /row 1|file/],
  ["UTF-16 with its mark", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), "unreadable_data", /file/],
  ["UTF-16 without its mark", Buffer.from("name,price\nann,2\nbob,3\n", "utf16le"), "unreadable_data", /file/],
  ["UTF-16, big end first", Buffer.from("\ufeffa,b\n1,2\n", "utf16le").swap16(), "unreadable_data", /file/],
  ["a NUL in the text", "a,b\n1,\u00002\n3,4\n", "unsupported_format", /file/],
];

const foreign: readonly BadFile[] = [
  ["noise", new Uint8Array(5000).map((_, index) => (index * 7919) % 256), "unsupported_format", /file/],
  ["a PNG", hex("89504e470d0a1a0a0000000d49484452"), "unsupported_format", /file/],
  ["a JPEG", hex("ffd8ffe000104a464946"), "unsupported_format", /file/],
  ["a GIF", hex("474946383961"), "unsupported_format", /file/],
  ["a spreadsheet", hex("504b030414000600"), "unsupported_format", /file/],
  ["an old spreadsheet", hex("d0cf11e0a1b11ae1"), "unsupported_format", /file/],
  ["a PDF", "%PDF-1.7\n1 0 obj\n", "unsupported_format", /file/],
  ["an SQLite database", hex("53514c69746520666f726d6174203300"), "unsupported_format", /file/],
  ["an Arrow file", hex("4152524f5731"), "unsupported_format", /file/],
  ["a NumPy array", hex("934e554d5059"), "unsupported_format", /file/],
  ["an HDF5 file", hex("894844460d0a1a0a"), "unsupported_format", /file/],
  ["a bzip2 file", hex("425a6839314159265359"), "unsupported_format", /file/],
  ["an xz file", hex("fd377a585a00"), "unsupported_format", /file/],
  ["a zstd file", hex("28b52ffd"), "unsupported_format", /file/],
  ["a 7-Zip file", hex("377abcaf271c"), "unsupported_format", /file/],
  ["a program", hex("7f454c46020101"), "unsupported_format", /file/],
  ["a web page", "<!DOCTYPE html>\n<html><body>404</body></html>\n", "unsupported_format", /file/],
  ["XML", '<?xml version="1.0"?>\n<a><b>1</b></a>\n', "unsupported_format", /file/],
  [
    "IDX images alone",
    Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2]), Buffer.alloc(4)]),
    "unsupported_format",
    /file/,
  ],
  ["gzip in gzip", gzipSync(gzipSync(good)), "unsupported_format", /file/],
  ["a gzipped PNG", gzipSync(hex("89504e470d0a1a0a0000000d49484452")), "unsupported_format", /file/],
  ["a gzipped tar", gzipSync(Buffer.concat([Buffer.from("data.csv"), Buffer.alloc(500), Buffer.from(good)])), "unsupported_format", /file/],
];

const json: readonly BadFile[] = [
  ["an object", '{"a": 1,\n "b": 2}', "unreadable_data", /file/],
  ["numbers", "[1, 2, 3]", "unreadable_data", /row 1/],
  ["arrays in an array", "[[1, 2], [3, 4]]", "unreadable_data", /row 1/],
  ["a number among objects", '[{"a": 1}, 5, {"a": 2}]', "unreadable_data", /row 2/],
  ["names that differ in case only", '[{"price": 1, "Price": 2}]', "unreadable_data", /column 2/],
  ["cut off inside an object", '[{"a": 1}, {"a": 2}, {"a"', "unreadable_data", /row 3/],
  ["cut off between objects", '[{"a": 1}, {"a": 2},', "unreadable_data", /file/],
  ["cut off before its end", '[{"a": 1}, {"a": 2}', "unreadable_data", /row [23]/],
  ["single quotes", "[{'a': 1}]", "unreadable_data", /row 1/],
  ["a comment", '[{"a": 1}, // one\n {"a": 2}]', "unreadable_data", /row 2/],
  ["an object never closed", '[{"a": 1, {"a": 2}]', "unreadable_data", /row 1/],
  ["a bare word", '[{"a": 1}, {"a": undefined}]', "unreadable_data", /row 2/],
  ["something after the array", '[{"a": 1}, {"a": 2}] and more', "unreadable_data", /file/],
  ["an array of a thousand brackets", "[".repeat(1000), "unreadable_data", /row 1|file/],
  ["an array of a million brackets", "[".repeat(1_000_000), "unreadable_data", /row 1|file/],
  ["malformed NDJSON", '{"a": 1}\n{"a": }\n', "unreadable_data", /row 2/],
  ["an array among NDJSON", '{"a": 1}\n[1]\n', "unreadable_data", /row 2/],
  ["NDJSON cut off", '{"a": 1}\n{"a": 2}\n{"a"', "unreadable_data", /row 3/],
  ["objects with commas between them", '{"a": 1},\n{"a": 2},\n', "unreadable_data", /file/],
  ["a key twice", '[{"a": 1, "a": 2}, {"a": 3, "a": 4}]', "unreadable_data", /row 1|column|file/],
  ["GeoJSON", '{"type": "FeatureCollection",\n "features": [{"a": 1}]}', "unreadable_data", /file/],
];

const gzips: readonly BadFile[] = [
  ["gzip cut off in its head", packed.subarray(0, 6), "unreadable_data", /file/],
  ["gzip cut off in the middle", packed.subarray(0, packed.length >> 1), "unreadable_data", /file/],
  ["gzip without its last bytes", packed.subarray(0, packed.length - 4), "unreadable_data", /file/],
  ["gzip with a wrong checksum", Buffer.concat([packed.subarray(0, packed.length - 8), Buffer.alloc(8)]), "unreadable_data", /file/],
  [
    "gzip with damaged bytes",
    Buffer.concat([packed.subarray(0, 500), Buffer.alloc(50, 255), packed.subarray(550)]),
    "unreadable_data",
    /file/,
  ],
  [
    "gzip's two bytes and prose",
    Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from(" this is no gzip file")]),
    "unreadable_data",
    /file/,
  ],
  ["a zip bomb", gzipSync(Buffer.alloc(64 * 1024 ** 2, 97)), "too_large", /file/],
  ["a small zip bomb", gzipSync(Buffer.alloc(1024 ** 2, 97)), "too_large", /file/, { limits: { maxUnpackedBytes: 1000 } }],
];

const limits: readonly BadFile[] = [
  ["too many bytes", good, "too_large", /file/, { limits: { maxFileBytes: 100 } }],
  ["too many rows", good, "too_large", /file/, { limits: { maxRowCount: 49 } }],
  [
    "too many columns",
    `${many(50, (row) => `c${row}`).replaceAll("\n", ",")}\n`,
    "too_large",
    /line 1/,
    { limits: { maxColumnCount: 49 } },
  ],
  [
    "too many columns of JSON",
    `[{${many(50, (row) => `"c${row}": 1`).replaceAll("\n", ",")}}]`,
    "too_large",
    /file/,
    { limits: { maxColumnCount: 49 } },
  ],
  ["a cell too long", `a,b\nx,1\n${"y".repeat(200)},2\n`, "too_large", /row 2 .*column a/, { limits: { maxCellLength: 100 } }],
  ["a cell of 20 MB", `a,b\nx,1\n${"y".repeat(20_000_000)},2\n`, "too_large", /row 2/],
  ["a line of 20 MB of cells", `a,b\n1,2\n${"3,".repeat(10_000_000)}4\n`, "unreadable_data|too_large" as ErrorCode, /row 2/],
  ["a JSON text too long", `[{"a": "x"}, {"a": "${"y".repeat(200)}"}]`, "too_large", /row 2.*column a/, { limits: { maxCellLength: 100 } }],
  ["a JSON object of 40 MB", `[{"a": "${"y".repeat(40_000_000)}"}]`, "too_large", /row 1|file/],
];

/** A Parquet file, and ways to break it. */
const parquet: [string, (whole: Buffer) => Uint8Array][] = [
  ["its first bytes alone", (whole) => whole.subarray(0, 4)],
  ["cut off in the middle", (whole) => whole.subarray(0, whole.length >> 1)],
  ["without its last byte", (whole) => whole.subarray(0, whole.length - 1)],
  ["without its first bytes' meaning", (whole) => Buffer.concat([whole.subarray(0, 4), Buffer.alloc(whole.length - 4)])],
  [
    "a footer longer than the file",
    (whole) => Buffer.concat([whole.subarray(0, whole.length - 8), Buffer.from([255, 255, 255, 127]), whole.subarray(whole.length - 4)]),
  ],
  [
    "a footer of noise",
    (whole) => Buffer.concat([whole.subarray(0, whole.length - 60), Buffer.alloc(52, 170), whole.subarray(whole.length - 8)]),
  ],
];

const groups = { emptyOnes, ragged, names, mixedTypes, encodings, foreign, json, gzips, limits };

async function expectRefusal(content: Content, code: string, where: RegExp, options: BadFile[4] = {}) {
  const chosen = { ...readOptions(options.limits), ...(options.dialect === undefined ? {} : { dialect: options.dialect }) };
  const path = fileOf(content);
  const error = await errorOf(() => readTable(path, chosen));
  expect(code.split("|"), error.message).toContain(error.code);
  expect(error.issues[0]?.where, JSON.stringify(error.toPlain())).toMatch(where);
  expect(error.issues[0]?.received).not.toBe("");
  expect(error.issues[0]?.required).not.toBe("");
  expect(JSON.stringify(error.toPlain())).not.toContain(folder);
  expect(leftBehind(chosen.outputPath)).toEqual([]);
}

const leftBehind = (outputPath: string) =>
  readdirSync(dirname(outputPath)).filter((name) => join(dirname(outputPath), name).startsWith(outputPath));

describe.each(Object.entries(groups))("bad files: %s", (_, files) => {
  for (const [name, content, code, where, options] of files) {
    it(name, () => expectRefusal(content, code, where, options));
  }
});

describe("bad files: Parquet", () => {
  let whole: Buffer;
  beforeAll(async () => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run(`COPY (SELECT i AS a, i % 7 AS b, 'x' || (i % 5) AS c FROM range(5000) t(i)) TO '${folder}/whole.parquet'`);
    connection.closeSync();
    whole = readFileSync(join(folder, "whole.parquet"));
  });
  it.each(parquet)("%s", async (_, breakIt) => {
    await expectRefusal(breakIt(whole), "unreadable_data", /file/);
  });
  it("without a row", async () => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run(`COPY (SELECT 1 AS a WHERE false) TO '${folder}/empty.parquet'`);
    connection.closeSync();
    await expectRefusal(readFileSync(join(folder, "empty.parquet")), "unreadable_data", /file/);
  });
});

it("there are over a hundred", () => {
  expect(Object.values(groups).flat().length + parquet.length + 1).toBeGreaterThan(100);
});

describe("files with random damage", () => {
  const sources: readonly [string, () => Buffer][] = [
    ["CSV", () => Buffer.from(good)],
    ["JSON", () => readFileSync(join(vegaFolder, "cars.json")).subarray(0, 4000)],
    ["gzip", () => Buffer.from(packed.subarray(0, 3000))],
    ["Parquet", () => readFileSync(join(folder, "whole.parquet"))],
  ];
  it.each(sources)("%s: is read or refused with one of our errors, and nothing is left behind", async (_, source) => {
    const whole = source();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: whole.length }),
        fc.boolean(),
        async (flips, length, cut) => {
          const damaged = Buffer.from(whole);
          for (const [at, byte] of flips) damaged[at] = byte;
          const options = readOptions();
          try {
            await readTable(fileOf(cut ? damaged.subarray(0, length) : damaged), options);
            expect(leftBehind(options.outputPath)).toEqual([options.outputPath.split("/").at(-1)]);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(unreadable_data|unsupported_format|too_large)$/) });
            expect(leftBehind(options.outputPath)).toEqual([]);
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
