/** How a CSV file is written: its delimiter, its quote and whether it has a header, settled from its beginning. */
import { parseNumber } from "../values.ts";
import { type CsvRecord, splitCsv } from "./csv-text.ts";

/** What the caller may declare; what is left out is found out. */
export interface DeclaredDialect {
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
  /** `1,5` is one and a half. Never guessed. */
  readonly decimalComma?: boolean;
}

export interface CsvDialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly header: boolean;
  readonly decimalComma: boolean;
  /** The file's first records, the header (if any) among them. */
  readonly sample: readonly CsvRecord[];
}

const delimiters = [",", ";", "\t", "|"];
const sampleRecords = 2000;

/** `text` is the file's beginning without a byte order mark; `whole` says that it is the whole file. */
export function findDialect(text: string, whole: boolean, declared: DeclaredDialect = {}): CsvDialect {
  const quote = declared.quote ?? findQuote(text);
  const split = (delimiter: string) => splitCsv(text, delimiter, quote, { partial: !whole, maxRecords: sampleRecords }).records;
  const decimalComma = declared.decimalComma ?? false;
  const delimiter = declared.delimiter ?? findDelimiter(split, decimalComma);
  const sample = split(delimiter);
  return { delimiter, quote, decimalComma, sample, header: declared.header ?? hasHeader(sample, decimalComma) };
}

/** The delimiter that splits the most records into as many fields as the first, into more fields where that is equal. */
function findDelimiter(split: (delimiter: string) => readonly CsvRecord[], decimalComma: boolean): string {
  // A comma can't both part fields and begin a fraction.
  const candidates = decimalComma ? delimiters.filter((delimiter) => delimiter !== ",") : delimiters;
  let best = candidates[0] as string;
  let bestScore = 0;
  for (const delimiter of candidates) {
    const records = split(delimiter);
    const width = records[0]?.fields.length ?? 0;
    if (width < 2) continue;
    const alike = records.filter((record) => record.fields.length === width).length / records.length;
    const score = alike + Math.min(width, 999) / 1e6;
    if (score > bestScore + 1e-12) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

/** Single quotes count as quotes only where fields begin and end with them and no double quote is there. */
function findQuote(text: string): string {
  if (text.includes('"')) return '"';
  const pairs = text.match(/(^|[,;\t|\n])'[^'\n]*'(?=$|[,;\t|\r\n])/g)?.length ?? 0;
  const single = text.split("'").length - 1;
  return single > 0 && pairs * 2 === single ? "'" : '"';
}

/**
 * The first record is a header unless it holds a number in every column that holds numbers below it. Numbers too are a header
 * where they count columns (0, 1, 2, … as pandas writes it) or where they alone are quoted.
 */
function hasHeader(sample: readonly CsvRecord[], decimalComma: boolean): boolean {
  const [first, ...rest] = sample;
  if (first === undefined) return true;
  const isNumber = (text: string | undefined) => text !== undefined && parseNumber(text, decimalComma) !== null;
  if (rest.length === 0) return !first.fields.some(isNumber);
  if (first.fields.length > 2 && first.fields.every((field, index) => field.trim() === String(index))) return true;
  if (first.quoted.every(Boolean) && rest.every((record) => !record.quoted.some(Boolean))) return true;
  let numberColumns = 0;
  for (let column = 0; column < first.fields.length; column++) {
    const below = rest.map((record) => record.fields[column]).filter((text) => text !== undefined && text.trim() !== "");
    if (below.length === 0 || below.filter(isNumber).length < 0.9 * below.length) continue;
    if (!isNumber(first.fields[column])) return true;
    numberColumns++;
  }
  return numberColumns === 0;
}
