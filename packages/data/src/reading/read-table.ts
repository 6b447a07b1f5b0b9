/** An uploaded file of unknown format becomes a columnar file and a profile. */
import { open, rename, rm, stat } from "node:fs/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Dataset, RightsizeError } from "@rightsize/core";
import { writeColumns } from "../columns/column-file.ts";
import { type ColumnTable, tableOf } from "../columns/column-table.ts";
import type { DataLimits } from "../limits.ts";
import { describeTable } from "../profile/describe-table.ts";
import type { DeclaredDialect } from "./csv-dialect.ts";
import { csvSource } from "./csv-source.ts";
import { withDuckDb } from "./duckdb.ts";
import { type Gatherer, gatherDates, gatherNumbers, gatherTexts, NotADate } from "./gather.ts";
import { jsonSource } from "./json-source.ts";
import { parquetSource } from "./parquet-source.ts";
import { countAndSettle, resolveReadings } from "./resolve.ts";
import { type FileFormat, sniffFormat } from "./sniff.ts";
import type { Reading, Source } from "./source.ts";
import { unpackGzip } from "./unpack.ts";

/** What reading a file says about it; the columns themselves are in the columnar file. */
export type TableReading = Pick<Dataset, "format" | "rowCount" | "columns" | "warnings" | "suggestedTarget" | "suggestedTask">;

export interface ReadTableOptions {
  /** The file's name as uploaded: for messages only. */
  readonly name: string;
  /** Where the columnar form is written; nothing is left there (nor beside it) when reading fails. */
  readonly outputPath: string;
  readonly limits: DataLimits;
  /** How a CSV file is written, where the caller knows; any other format with one is refused (`invalid_request`). */
  readonly dialect?: DeclaredDialect;
  /** Threads for DuckDB; its default is one per core. */
  readonly threads?: number;
}

/**
 * Reads a local file whose format its content tells and writes its columnar form to `outputPath`. Throws `unreadable_data`,
 * `unsupported_format` or `too_large` with row and column in the issues (data rows count from 1).
 */
export async function readTable(path: string, options: ReadTableOptions): Promise<TableReading> {
  const unpackedPath = `${options.outputPath}.unpacked`;
  const partPath = `${options.outputPath}.part`;
  try {
    const { size } = await stat(path);
    if (size > options.limits.maxFileBytes) {
      throw new RightsizeError("too_large", "The file is too large.", {
        issues: [{ where: "file", received: `${size} bytes`, required: `at most ${options.limits.maxFileBytes} bytes` }],
      });
    }
    let readPath = path;
    let format = sniffFormat(await head(path));
    const gzipped = format === "gzip";
    if (gzipped) {
      await unpackGzip(path, unpackedPath, options.limits);
      readPath = unpackedPath;
      format = sniffFormat(await head(unpackedPath));
    }
    checkDialect(format, options.dialect);
    const { table, formatName } = await load(readPath, format, options);
    const { columns, ...described } = describeTable(table);
    await writeColumns(partPath, withProfiles(table, columns));
    await rename(partPath, options.outputPath);
    return { format: gzipped ? `${formatName}.gz` : formatName, rowCount: table.rowCount, columns, ...described };
  } finally {
    await rm(unpackedPath, { force: true });
    await rm(partPath, { force: true });
  }
}

function checkDialect(format: FileFormat, dialect: DeclaredDialect = {}): void {
  const declared = Object.keys(dialect);
  if (format === "csv" || declared.length === 0) return;
  throw new RightsizeError("invalid_request", "Only CSV is written in dialects, and this file is something else.", {
    issues: [{ where: declared[0] as string, received: `a declaration for a file of format ${format}`, required: "a CSV file, or none" }],
  });
}

function withProfiles(table: ColumnTable, profiles: TableReading["columns"]): ColumnTable {
  const columns = profiles.map((profile) => {
    const column = table.column(profile.name);
    if (column === undefined) throw new TypeError(`no column ${profile.name}`);
    return { ...column, profile };
  });
  return tableOf(table.rowCount, columns, table.image);
}

async function head(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(65_536);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function load(path: string, format: FileFormat, options: ReadTableOptions): Promise<{ table: ColumnTable; formatName: string }> {
  const { limits } = options;
  if (format === "gzip") throw unsupported("The file is gzipped twice.", "gzip inside gzip", "a file gzipped once");
  if (format === "idx") throw unsupported("An IDX file holds images or labels alone.", "one IDX file", "an IDX pair: images and labels");
  const duckDb = { memoryBytes: limits.maxReadingMemoryBytes, ...(options.threads === undefined ? {} : { threads: options.threads }) };
  return await withDuckDb(duckDb, async (connection) => {
    const source = await openSource(connection, path, format, options);
    const readings = await resolveReadings(connection, source);
    const table = await loadSource(connection, source, readings, limits);
    return { table, formatName: source.format };
  });
}

async function openSource(
  connection: DuckDBConnection,
  path: string,
  format: Exclude<FileFormat, "gzip" | "idx">,
  options: ReadTableOptions,
): Promise<Source> {
  switch (format) {
    case "csv":
      return await csvSource(path, options.limits, options.dialect);
    case "json":
    case "ndjson":
      return await jsonSource(connection, path, format, options.limits);
    case "parquet":
      return await parquetSource(connection, path, options.limits);
    default:
      return format satisfies never;
  }
}

/** Reads all rows; where a column proves not to be what its sample said, settles it over the whole file and reads again. */
async function loadSource(
  connection: DuckDBConnection,
  source: Source,
  readings: readonly Reading[],
  limits: DataLimits,
): Promise<ColumnTable> {
  try {
    return await gatherAll(connection, source, readings, limits);
  } catch (error) {
    if (error instanceof RightsizeError) throw error;
    if (error instanceof NotADate) {
      const changed = readings.map((reading, index) => (source.columns[index]?.name === error.columnName ? "text" : reading));
      return await loadSource(connection, source, changed, limits);
    }
    if (/out of memory/i.test(String(error))) {
      throw new RightsizeError("too_large", "Reading the file needs more memory than the service gives it.", {
        issues: [{ where: "file", received: "a larger table", required: `reading within ${limits.maxReadingMemoryBytes} bytes` }],
        cause: error,
      });
    }
    const numbers = readings.flatMap((reading, index) => (reading === "number" ? [index] : []));
    if (numbers.length === 0 || !/convert|cast/i.test(String(error))) throw await source.explain(error);
    const settled = await countAndSettle(connection, source, readings, numbers);
    if (!settled.changed) throw await source.explain(error);
    return await loadSource(connection, source, settled.readings, limits);
  }
}

async function gatherAll(
  connection: DuckDBConnection,
  source: Source,
  readings: readonly Reading[],
  limits: DataLimits,
): Promise<ColumnTable> {
  const gatherers = source.columns.map(({ name }, index): Gatherer => {
    const reading = readings[index] as Reading;
    switch (reading) {
      case "number":
      case "gappy":
        return gatherNumbers(name, "number");
      case "ms":
        return gatherNumbers(name, "date");
      case "date":
        return gatherDates(name);
      case "text":
        return gatherTexts(name, limits, source.place);
      default:
        return reading satisfies never;
    }
  });
  const result = await connection.stream(source.select(readings));
  let rowCount = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const count = chunk.rowCount;
    rowCount += count;
    if (rowCount > limits.maxRowCount) {
      throw new RightsizeError("too_large", "The table has too many rows.", {
        issues: [{ where: "file", received: `more than ${limits.maxRowCount} rows`, required: `at most ${limits.maxRowCount} rows` }],
      });
    }
    gatherers.forEach((gatherer, index) => {
      gatherer.add(chunk.getColumnVector(index), count);
    });
  }
  if (rowCount === 0) {
    throw new RightsizeError("unreadable_data", "The table has no rows.", {
      issues: [{ where: "file", received: "0 rows", required: "at least one row" }],
    });
  }
  return tableOf(
    rowCount,
    gatherers.map((gatherer) => gatherer.finish()),
  );
}

function unsupported(detail: string, received: string, required: string): RightsizeError {
  return new RightsizeError("unsupported_format", detail, { issues: [{ where: "file", received, required }] });
}
