/** JSON (an array of objects) and NDJSON as a source. */
import { open } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { RightsizeError } from "@rightsize/core";
import type { DataLimits } from "../limits.ts";
import { isGapText } from "../values.ts";
import { textRows } from "./duckdb.ts";
import { diagnoseJson } from "./json-diagnose.ts";
import { checkNames } from "./names.ts";
import { identifier, literal, pathLiteral, type Reading, type Source, type SourceColumn } from "./source.ts";

const numberTypes = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/;
const sampleRows = 2000;

/** Opens a JSON file. Throws `unreadable_data` when it isn't an array of objects (or objects line by line). */
export async function jsonSource(
  connection: DuckDBConnection,
  path: string,
  format: "json" | "ndjson",
  limits: DataLimits,
): Promise<Source> {
  const shape = format === "json" ? "array" : "newline_delimited";
  const objectBytes = Math.max(16 * 1024 ** 2, limits.maxCellLength * 8);
  const options = `format = '${shape}', records = true, maximum_object_size = ${objectBytes}`;
  const explain = async (error: unknown) => {
    if (error instanceof RightsizeError) return error;
    return (await diagnoseJson(path, format, objectBytes)) ?? explainJson(error, format);
  };
  if (format === "json") await checkClosed(path);
  let described: (string | null)[][];
  try {
    described = await textRows(connection, `DESCRIBE SELECT * FROM read_json(${pathLiteral(path)}, ${options}, sample_size = -1)`);
  } catch (error) {
    throw await explain(error);
  }
  const names = described.map((row) => row[0] as string);
  const types = described.map((row) => row[1] as string);
  if (names.length === 1 && names[0] === "json") {
    throw (await diagnoseJson(path, format, objectBytes)) ?? notObjects("values that are no objects", format);
  }
  checkNames(names, limits, "file");
  await checkKept(connection, names, `read_json_objects(${pathLiteral(path)}, format = '${shape}', maximum_object_size = ${objectBytes})`);
  const isNumber = types.map((type) => numberTypes.test(type));
  const table = `read_json(${pathLiteral(path)}, ${options}, columns = {${names
    .map((name, index) => `${literal(name)}: '${isNumber[index] ? "DOUBLE" : "VARCHAR"}'`)
    .join(", ")}})`;
  const texts = names.filter((_, index) => !isNumber[index]);
  let rows: (string | null)[][] = [];
  if (texts.length > 0) {
    try {
      rows = await textRows(connection, `SELECT ${texts.map(identifier).join(", ")} FROM ${table} LIMIT ${sampleRows}`);
    } catch (error) {
      throw await explain(error);
    }
  }
  const columns = names.map((name, index): SourceColumn => {
    if (isNumber[index]) return { name, holds: "number", sample: [] };
    const position = texts.indexOf(name);
    const sample = rows.map((row) => row[position] ?? "").map((value) => value.trim());
    const nested = /^(STRUCT|MAP)|\[\]$/.test(types[index] as string);
    return { name, holds: nested ? "text" : "unknown", sample: sample.filter((value) => !isGapText(value)) };
  });
  const expression = (reading: Reading, index: number) => {
    const column = identifier(names[index] as string);
    return (reading === "number" || reading === "gappy") && !isNumber[index] ? `TRY_CAST(${column} AS DOUBLE)` : column;
  };
  return {
    format,
    columns,
    decimalComma: false,
    select: (readings) =>
      `SELECT ${readings.map((reading, index) => `${expression(reading, index)} AS c${index}`).join(", ")} FROM ${table}`,
    selectText: (column) => `SELECT CAST(${identifier(names[column] as string)} AS VARCHAR) AS value FROM ${table}`,
    place: (row) => `row ${row + 1}`,
    explain,
  };
}

/** DuckDB reads an array that is cut off between two objects as if it were whole; so its last character is looked at first. */
async function checkClosed(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, 4096));
    await file.read(tail, 0, tail.length, size - tail.length);
    if (!tail.toString("latin1").trimEnd().endsWith(",")) return;
  } finally {
    await file.close();
  }
  throw new RightsizeError("unreadable_data", "The JSON file is cut off.", {
    issues: [{ where: "file", received: "the end of the file after a comma", required: "a closing ]" }],
  });
}

/** DuckDB renames keys that are empty or differ in case only; such columns would be read as empty. */
async function checkKept(connection: DuckDBConnection, names: readonly string[], objects: string): Promise<void> {
  const doubtful = names.filter((name) => /_\d+$|^C\d+$/.test(name));
  if (doubtful.length === 0) return;
  const rows = await textRows(connection, `SELECT DISTINCT unnest(json_keys(json)) FROM ${objects}`);
  const keys = new Set(rows.map((row) => row[0]));
  const issues = doubtful
    .filter((name) => !keys.has(name))
    .map((name) => ({
      where: `column ${names.indexOf(name) + 1}`,
      received: "a name that is empty, or that differs from another in upper and lower case only",
      required: "a different name for every column",
    }));
  if (issues.length > 0) throw new RightsizeError("unreadable_data", "The column names can't be used.", { issues });
}

function notObjects(received: string, format: string): RightsizeError {
  const required = format === "json" ? "an array of objects, [{…}, {…}]" : "one object a line";
  return new RightsizeError("unreadable_data", "The JSON file isn't a table.", { issues: [{ where: "file", received, required }] });
}

function explainJson(error: unknown, format: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (/maximum_object_size/.test(message)) {
    return new RightsizeError("too_large", "One JSON object is too large.", {
      issues: [{ where: "file", received: "a larger object", required: "smaller objects, one a row" }],
      cause: error,
    });
  }
  if (/unicode|utf/i.test(message)) {
    return new RightsizeError("unreadable_data", "The file isn't UTF-8 text.", {
      issues: [{ where: "file", received: "bytes that are no UTF-8", required: "UTF-8 text" }],
      cause: error,
    });
  }
  return Object.assign(
    notObjects(
      message
        .split("\n")[0]
        ?.replaceAll(/"?\/[^\s"]*"?/g, "the file")
        .slice(0, 300) ?? "",
      format,
    ),
    { cause: error },
  );
}
