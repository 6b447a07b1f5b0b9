/** Settles how columns of text are read: as numbers, dates or texts; names the cell where a column of numbers holds text. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Issue, RightsizeError } from "@rightsize/core";
import { gapWords, isGapWord, parseDate, parseNumber } from "../values.ts";
import { textRows } from "./duckdb.ts";
import { literal, type Reading, type Source } from "./source.ts";

/** At most this share of a column's values may be text for the text to be a mistake rather than the column's nature. */
const mistakeShare = 0.1;
const mistakesNamed = 5;

/** Readings for all columns as far as samples tell; columns of mixed or no sample values are counted over the whole file. */
export async function resolveReadings(connection: DuckDBConnection, source: Source): Promise<Reading[]> {
  const unsettled: number[] = [];
  const readings = source.columns.map((column, index): Reading => {
    if (column.holds !== "unknown") return column.holds;
    const numbers = column.sample.filter((text) => parseNumber(text, source.decimalComma) !== null).length;
    const isDate = column.sample.length > 0 && column.sample.every((text) => parseDate(text) !== null);
    if (isDate) return "date";
    if (numbers === 0 && column.sample.some((text) => !isGapWord(text))) return "text";
    unsettled.push(index);
    return "text";
  });
  return unsettled.length === 0 ? readings : (await countAndSettle(connection, source, readings, unsettled)).readings;
}

/**
 * Counts numbers and texts in some columns over the whole file and settles them. Throws `unreadable_data` where a column
 * of numbers holds a few texts. `changed` says whether any reading is another than before.
 */
export async function countAndSettle(
  connection: DuckDBConnection,
  source: Source,
  before: readonly Reading[],
  columns: readonly number[],
): Promise<{ readonly readings: Reading[]; readonly changed: boolean }> {
  const words = gapWords.map(literal).join(", ");
  const asText = source.select(
    before.map((reading, index) => (columns.includes(index) ? "text" : reading === "number" ? "text" : reading)),
  );
  const asNumber = source.select(
    before.map((reading, index) => (columns.includes(index) ? "gappy" : reading === "number" ? "text" : reading)),
  );
  const isText = (index: number) => `count(c${index}) FILTER (trim(c${index}) <> '' AND lower(trim(c${index})) NOT IN (${words}))`;
  let texts: number[];
  let numbers: number[];
  try {
    texts = await counts(connection, `SELECT ${columns.map(isText).join(", ")} FROM (${asText})`);
    numbers = await counts(connection, `SELECT ${columns.map((index) => `count(c${index})`).join(", ")} FROM (${asNumber})`);
  } catch (error) {
    throw await source.explain(error);
  }
  const readings = [...before];
  for (const [position, index] of columns.entries()) {
    const textCount = texts[position] as number;
    const numberCount = numbers[position] as number;
    const wrong = textCount - numberCount;
    if (numberCount === 0) readings[index] = "text";
    else if (wrong <= 0) readings[index] = "gappy";
    else if (wrong <= mistakeShare * textCount || (wrong === 1 && textCount >= 3)) {
      throw await mistakes(connection, source, index, numberCount, textCount);
    } else readings[index] = "text";
  }
  return { readings, changed: readings.some((reading, index) => reading !== before[index]) };
}

async function counts(connection: DuckDBConnection, sql: string): Promise<number[]> {
  const [row = []] = await textRows(connection, sql);
  return row.map(Number);
}

async function mistakes(
  connection: DuckDBConnection,
  source: Source,
  index: number,
  numberCount: number,
  textCount: number,
): Promise<RightsizeError> {
  const name = source.columns[index]?.name ?? "";
  const issues: Issue[] = [];
  const result = await connection.stream(source.selectText(index));
  let row = 0;
  while (issues.length < mistakesNamed) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const vector = chunk.getColumnVector(0);
    for (let at = 0; at < chunk.rowCount && issues.length < mistakesNamed; at++, row++) {
      const text = vector.getItem(at);
      if (typeof text !== "string" || isGapWord(text.trim()) || parseNumber(text, source.decimalComma) !== null) continue;
      issues.push({
        where: `${source.place(row)}, column ${name}`,
        received: JSON.stringify(text.slice(0, 80)),
        required: `a number, as in ${numberCount} of ${textCount} rows`,
      });
    }
  }
  const first = issues[0];
  return new RightsizeError(
    "unreadable_data",
    first === undefined
      ? `Column ${name} holds numbers and a few texts.`
      : `Column ${name} holds numbers, but ${first.where.split(",")[0]} says ${first.received}.`,
    { issues },
  );
}
