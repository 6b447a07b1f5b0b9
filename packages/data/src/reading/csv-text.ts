/** Splitting CSV text into records by RFC 4180, for the sample that settles a file's dialect and for naming what is wrong. */

export interface CsvRecord {
  readonly fields: readonly string[];
  /** Which fields were quoted. */
  readonly quoted: readonly boolean[];
  /** Line on which the record begins, from 1. */
  readonly line: number;
}

export interface CsvSplit {
  readonly records: readonly CsvRecord[];
  /** The last quote was never closed. */
  readonly openQuote: boolean;
}

/**
 * Records of some text; blank lines are skipped. With `partial` the text is a file's beginning, so a last record without
 * its line end is left out.
 */
export function splitCsv(text: string, delimiter: string, quote: string, options: { partial: boolean; maxRecords?: number }): CsvSplit {
  const records: CsvRecord[] = [];
  const most = options.maxRecords ?? Number.POSITIVE_INFINITY;
  let fields: string[] = [];
  let quoted: boolean[] = [];
  let line = 1;
  let recordLine = 1;
  let at = 0;
  const finishRecord = () => {
    if (fields.length > 1 || fields[0] !== "" || quoted[0] === true) records.push({ fields, quoted, line: recordLine });
    fields = [];
    quoted = [];
  };
  while (at < text.length && records.length < most) {
    if (text[at] === quote && quote !== "") {
      let value = "";
      let from = at + 1;
      for (;;) {
        const close = text.indexOf(quote, from);
        if (close === -1) {
          if (!options.partial) records.push({ fields: [...fields, text.slice(from)], quoted: [...quoted, true], line: recordLine });
          return { records, openQuote: true };
        }
        value += text.slice(from, close);
        if (text[close + 1] === quote) {
          value += quote;
          from = close + 2;
          continue;
        }
        at = close + 1;
        break;
      }
      line += countNewlines(value);
      let end = at;
      while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end++;
      fields.push(value + text.slice(at, end));
      quoted.push(true);
      at = end;
    } else {
      let end = at;
      while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end++;
      fields.push(text.slice(at, end));
      quoted.push(false);
      at = end;
    }
    if (at >= text.length) {
      if (!options.partial) finishRecord();
      return { records, openQuote: false };
    }
    if (text[at] === delimiter) {
      at++;
      if (at >= text.length && !options.partial) {
        fields.push("");
        quoted.push(false);
        finishRecord();
      }
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    at++;
    line++;
    finishRecord();
    recordLine = line;
  }
  return { records, openQuote: false };
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
