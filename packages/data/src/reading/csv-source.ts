/** CSV and TSV as a source: the dialect is settled here, DuckDB reads strictly by it. */
import { open } from "node:fs/promises";
import { type Issue, RightsizeError } from "@rightsize/core";
import type { DataLimits } from "../limits.ts";
import { gapTexts, parseNumber } from "../values.ts";
import { diagnoseCsv } from "./csv-diagnose.ts";
import { type CsvDialect, type DeclaredDialect, findDialect } from "./csv-dialect.ts";
import { checkNames } from "./names.ts";
import { literal, pathLiteral, type Reading, type Source, type SourceColumn } from "./source.ts";

const sampleBytes = 1 << 20;

/** Opens a CSV file. Throws `unreadable_data` with row and column for what its beginning already shows. */
export async function csvSource(path: string, limits: DataLimits, declared: DeclaredDialect = {}): Promise<Source> {
  const { text, whole, hasMark } = await beginning(path);
  const dialect = findDialect(text, whole, declared);
  const first = dialect.sample[0];
  if (first === undefined) throw await diagnosed(path, dialect, 0, limits, new Error("no record in the file's first megabyte"));
  const width = first.fields.length;
  const names = dialect.header ? first.fields.map((field) => field.trim()) : first.fields.map((_, index) => `column_${index + 1}`);
  checkNames(names, limits, dialect.header ? "line 1" : "file");
  const body = dialect.header ? dialect.sample.slice(1) : dialect.sample;
  if (body.length === 0 && whole) {
    throw new RightsizeError("unreadable_data", "The file has a header and no rows.", {
      issues: [{ where: "file", received: "0 rows", required: "at least one row below the header" }],
    });
  }
  const columns = names.map((name, column): SourceColumn => {
    const sample = body.map((record) => (record.fields[column] ?? "").trim()).filter((value) => !gapTexts.includes(value));
    const numbers = sample.length > 0 && sample.every((value) => parseNumber(value, dialect.decimalComma) !== null);
    return numbers ? { name, holds: "number", sample: [] } : { name, holds: "unknown", sample };
  });
  const table = (types: readonly ("DOUBLE" | "VARCHAR")[]) =>
    `read_csv(${pathLiteral(path)}, ${[
      "auto_detect = false",
      `delim = ${literal(dialect.delimiter)}`,
      `quote = ${literal(dialect.quote)}`,
      `escape = ${literal(dialect.quote)}`,
      `header = ${dialect.header}`,
      "skip = 0",
      "strict_mode = true",
      "null_padding = false",
      `max_line_size = ${maxLineBytes(limits)}`,
      `nullstr = [${gapTexts.map(literal).join(", ")}]`,
      ...(dialect.decimalComma ? ["decimal_separator = ','"] : []),
      `columns = {${types.map((type, index) => `'c${index}': '${type}'`).join(", ")}}`,
    ].join(", ")})`;
  const asNumber = (column: number) => `TRY_CAST(${dialect.decimalComma ? `replace(c${column}, ',', '.')` : `c${column}`} AS DOUBLE)`;
  const plain = dialect.header ? 2 : 1;
  return {
    format: dialect.delimiter === "\t" ? "tsv" : "csv",
    columns,
    decimalComma: dialect.decimalComma,
    select: (readings) => {
      const types = readings.map((reading) => (reading === "number" ? "DOUBLE" : "VARCHAR"));
      const list = readings.map((reading: Reading, column) => `${reading === "gappy" ? asNumber(column) : `c${column}`} AS c${column}`);
      return `SELECT ${list.join(", ")} FROM ${table(types)}`;
    },
    selectText: (column) => `SELECT c${column} AS value FROM ${table(columns.map(() => "VARCHAR"))}`,
    place: (row) => `row ${row + 1} (line ${row + plain} if no cell spans lines)`,
    explain: (error) => diagnosed(path, dialect, width, limits, error, hasMark ? 3 : 0),
  };
}

const maxLineBytes = (limits: DataLimits) => Math.min(64 * 1024 ** 2, Math.max(2 * 1024 ** 2, limits.maxCellLength * 4 + 65_536));

/** The first megabyte as text, without its byte order mark. */
async function beginning(path: string): Promise<{ text: string; whole: boolean; hasMark: boolean }> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(sampleBytes);
    const { bytesRead } = await file.read(buffer, 0, sampleBytes, 0);
    const whole = bytesRead < sampleBytes;
    const head = buffer.subarray(0, bytesRead);
    const hasMark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
    return { text: decodeUtf8(head, whole), whole, hasMark };
  } finally {
    await file.close();
  }
}

function decodeUtf8(bytes: Uint8Array, whole: boolean): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
  } catch (cause) {
    const loose = new TextDecoder("utf-8").decode(bytes);
    const before = loose.slice(0, loose.indexOf("\ufffd"));
    const line = before.split("\n").length;
    throw new RightsizeError("unreadable_data", `The file isn't UTF-8 text: line ${line} holds bytes of another encoding.`, {
      issues: [{ where: `line ${line}`, received: "bytes that are no UTF-8 (Latin-1 or Windows-1252?)", required: "UTF-8 text" }],
      cause,
    });
  }
}

async function diagnosed(
  path: string,
  dialect: CsvDialect,
  width: number,
  limits: DataLimits,
  error: unknown,
  skipBytes = 0,
): Promise<Error> {
  if (error instanceof RightsizeError) return error;
  const found = await diagnoseCsv(path, { ...dialect, width, maxCellLength: limits.maxCellLength, skipBytes });
  if (found !== null) return found;
  const message = error instanceof Error ? error.message : String(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  const issues: Issue[] = [
    { where: line === undefined ? "file" : `line ${line}`, received: firstSentence(message), required: "CSV by RFC 4180" },
  ];
  return new RightsizeError("unreadable_data", "The file can't be read as CSV.", { issues, cause: error });
}

const firstSentence = (message: string) =>
  message
    .split("\n")
    .slice(0, 3)
    .join(" ")
    .replaceAll(/"?\/[^\s"]*"?/g, "the file")
    .slice(0, 300);
