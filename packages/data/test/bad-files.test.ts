/** Files that are no tables: each is refused with where, what and what instead; none leaves a file behind. */
import { existsSync } from "node:fs";
import type { ErrorCode } from "@rightsize/core";
import { readTable } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { errorOf, fileOf, readOptions } from "./support/tables.ts";

const many = (count: number, row: (index: number) => string) => Array.from({ length: count }, (_, index) => row(index)).join("\n");

const cases: readonly [string, string | Uint8Array, ErrorCode, RegExp][] = [
  ["an empty file", "", "unreadable_data", /file/],
  ["blank space", "  \n \n", "unreadable_data", /file/],
  ["a header alone", "a,b,c\n", "unreadable_data", /file/],
  ["a ragged row", "a,b\n1,2\n3\n4,5\n", "unreadable_data", /row 2 \(line 3\)/],
  ["a row too long", "a,b\n1,2\n3,4\n5,6,7\n", "unreadable_data", /row 3 \(line 4\)/],
  [
    "a ragged row far down",
    `a,b\n${many(200_000, (index) => (index === 150_000 ? "7" : `${index},1`))}\n`,
    "unreadable_data",
    /row 150001 \(line 150002\)/,
  ],
  [
    "text in a column of numbers",
    `price,y\n${many(30, (index) => (index === 6 ? "cheap,1" : `${index},${index}`))}\n`,
    "unreadable_data",
    /row 7 .*column price/,
  ],
  [
    "text in a column of numbers, far down",
    `price,y\n${many(100_000, (index) => (index === 90_000 ? "cheap,1" : `${index},${index}`))}\n`,
    "unreadable_data",
    /row 90001 .*column price/,
  ],
  [
    "text in a number of JSON",
    `[${many(20, (index) => `{"price": ${index === 4 ? '"cheap"' : index}}`).replaceAll("\n", ",")}]`,
    "unreadable_data",
    /row 5, column price/,
  ],
  ["a binary file", new Uint8Array(5000).map((_, index) => (index * 7919) % 256), "unsupported_format", /file/],
  ["a PNG", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), "unsupported_format", /file/],
  ["Latin-1", Buffer.from("name,x\ncaf\u00e9,1\n", "latin1"), "unreadable_data", /line 2/],
  ["UTF-16", Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), "unreadable_data", /file/],
  ["duplicate column names", "a,b,a\n1,2,3\n", "unreadable_data", /column 3/],
  ["an empty column name", "a,,c\n1,2,3\n", "unreadable_data", /column 2/],
  ["a quote never closed", 'a,b\n1,"2\n3,4\n', "unreadable_data", /row 1 \(line 2\)/],
  ["a JSON object", '{"a": 1,\n "b": 2}', "unreadable_data", /file/],
  ["JSON numbers", "[1, 2, 3]", "unreadable_data", /row 1/],
  ["cut-off JSON", '[{"a": 1}, {"a": 2}, {"a"', "unreadable_data", /row 3/],
  ["malformed NDJSON", '{"a": 1}\n{"a": }\n', "unreadable_data", /row 2/],
  ["an empty JSON array", "[]", "unreadable_data", /file/],
];

describe("bad files", () => {
  it.each(cases)("%s", async (_, content, code, where) => {
    const options = readOptions();
    const error = await errorOf(() => readTable(fileOf(content), options));
    expect(error.code, error.message).toBe(code);
    expect(error.issues[0]?.where, JSON.stringify(error.issues)).toMatch(where);
    expect(error.issues[0]?.received).not.toBe("");
    expect(error.issues[0]?.required).not.toBe("");
    expect(JSON.stringify(error.toPlain())).not.toContain("/tmp");
    for (const suffix of ["", ".part", ".unpacked"]) expect(existsSync(options.outputPath + suffix)).toBe(false);
  });
});
