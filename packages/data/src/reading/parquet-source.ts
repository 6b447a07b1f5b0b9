/** Parquet as a source: the file's own types are believed; its texts may still be numbers or dates. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { RightsizeError } from "@rightsize/core";
import type { DataLimits } from "../limits.ts";
import { isGapText } from "../values.ts";
import { textRows } from "./duckdb.ts";
import { checkNames } from "./names.ts";
import { identifier, pathLiteral, type Reading, type Source, type SourceColumn } from "./source.ts";

const numberTypes = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Opens a Parquet file. Throws `unreadable_data` when it is truncated or damaged. */
export async function parquetSource(connection: DuckDBConnection, path: string, limits: DataLimits): Promise<Source> {
  const table = `read_parquet(${pathLiteral(path)}, hive_partitioning = false)`;
  const explain = async (error: unknown): Promise<Error> => {
    if (error instanceof RightsizeError) return error;
    const message = (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
    return new RightsizeError("unreadable_data", "The Parquet file is damaged or cut off.", {
      issues: [
        { where: "file", received: message.replaceAll(/'?"?\/[^\s"']*"?'?/g, "the file").slice(0, 300), required: "a whole Parquet file" },
      ],
      cause: error,
    });
  };
  try {
    const described = await textRows(connection, `DESCRIBE SELECT * FROM ${table}`);
    const names = described.map((row) => row[0] as string);
    const types = described.map((row) => row[1] as string);
    checkNames(names, limits, "file");
    const texts = names.filter((_, index) => types[index] === "VARCHAR");
    const rows =
      texts.length === 0 ? [] : await textRows(connection, `SELECT ${texts.map(identifier).join(", ")} FROM ${table} LIMIT 2000`);
    const columns = names.map((name, index): SourceColumn => {
      const type = types[index] as string;
      if (numberTypes.test(type)) return { name, holds: "number", sample: [] };
      if (/^(DATE|TIMESTAMP)/.test(type)) return { name, holds: "ms", sample: [] };
      if (type !== "VARCHAR") return { name, holds: "text", sample: [] };
      const position = texts.indexOf(name);
      const sample = rows.map((row) => (row[position] ?? "").trim());
      return { name, holds: "unknown", sample: sample.filter((value) => !isGapText(value)) };
    });
    const expression = (reading: Reading, index: number) => {
      const column = identifier(names[index] as string);
      const held = (columns[index] as SourceColumn).holds;
      if (held === "number") return `CAST(${column} AS DOUBLE)`;
      if (held === "ms") return `CAST(epoch_ms(CAST(${column} AS TIMESTAMP)) AS DOUBLE)`;
      return reading === "number" || reading === "gappy" ? `TRY_CAST(${column} AS DOUBLE)` : `CAST(${column} AS VARCHAR)`;
    };
    return {
      format: "parquet",
      columns,
      decimalComma: false,
      select: (readings) =>
        `SELECT ${readings.map((reading, index) => `${expression(reading, index)} AS c${index}`).join(", ")} FROM ${table}`,
      selectText: (column) => `SELECT CAST(${identifier(names[column] as string)} AS VARCHAR) AS value FROM ${table}`,
      place: (row) => `row ${row + 1}`,
      explain,
    };
  } catch (error) {
    throw await explain(error);
  }
}
