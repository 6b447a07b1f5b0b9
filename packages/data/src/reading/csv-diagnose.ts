/** When DuckDB refuses a CSV file: reads it slowly from the start and names the first thing that is wrong, by row and line. */
import { createReadStream } from "node:fs";
import { TextDecoder } from "node:util";
import { RightsizeError } from "@rightsize/core";

interface Shape {
  readonly delimiter: string;
  readonly quote: string;
  readonly header: boolean;
  /** Fields of the first record; 0 takes whatever the first record has. */
  readonly width: number;
  readonly maxCellLength: number;
  readonly skipBytes: number;
}

/** The first ragged row, open quote, overlong cell or byte that isn't UTF-8; null when nothing is found. Streams the file. */
export async function diagnoseCsv(path: string, shape: Shape): Promise<RightsizeError | null> {
  const delimiter = shape.delimiter.charCodeAt(0);
  const quote = shape.quote === "" ? -1 : shape.quote.charCodeAt(0);
  const encoding = new TextDecoder("utf-8", { fatal: true });
  let width = shape.width;
  let line = 1;
  let recordLine = 1;
  let record = 0;
  let fields = 1;
  let cellBytes = 0;
  let recordBytes = 0;
  /** 0 at a field's start, 1 inside plain text, 2 inside quotes, 3 after a closing quote. */
  let state = 0;
  let lastWasReturn = false;
  const row = () => (shape.header ? record : record + 1);
  const where = (column?: number) => {
    const place = record === 0 && shape.header ? `line ${recordLine}` : `row ${row()} (line ${recordLine})`;
    return column === undefined ? place : `${place}, column ${column}`;
  };
  const problem = (detail: string, place: string, received: string, required: string) =>
    new RightsizeError("unreadable_data", detail, { issues: [{ where: place, received, required }] });
  const endRecord = (): RightsizeError | null => {
    if (recordBytes > 0) {
      if (width === 0) width = fields;
      if (fields !== width && !(width === 1 && recordBytes === 0)) {
        return problem(
          `Row ${row()} (line ${recordLine}) has ${fields} cells where the first line has ${width}.`,
          where(),
          `${fields} cells`,
          `${width} cells, as in the first line`,
        );
      }
      record++;
    } else if (width === 1 && record > 0) record++;
    fields = 1;
    cellBytes = 0;
    recordBytes = 0;
    state = 0;
    recordLine = line;
    return null;
  };
  const stream = createReadStream(path, { start: shape.skipBytes, highWaterMark: 1 << 18 });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const foreign = decodes(encoding, chunk) ? Number.POSITIVE_INFINITY : firstForeignByte(chunk);
      for (let at = 0; at < chunk.length; at++) {
        if (at >= foreign) return problem("The file isn't UTF-8 text.", where(fields), "bytes that are no UTF-8 (Latin-1?)", "UTF-8 text");
        const byte = chunk[at] as number;
        const newline = byte === 10 || byte === 13;
        if (newline && state !== 2) {
          if (byte === 10 && lastWasReturn) {
            lastWasReturn = false;
            recordLine = line;
            continue;
          }
          lastWasReturn = byte === 13;
          line++;
          const found = endRecord();
          if (found !== null) return found;
          continue;
        }
        lastWasReturn = false;
        recordBytes++;
        if (byte === 10) line++;
        if (state === 2) {
          if (byte === quote) state = 3;
          else cellBytes++;
        } else if (byte === delimiter) {
          fields++;
          cellBytes = 0;
          state = 0;
        } else if (byte === quote && state === 0) state = 2;
        else if (byte === quote && state === 3) {
          state = 2;
          cellBytes++;
        } else if (state === 3 && byte !== 32) {
          return problem(
            "A quoted cell goes on after its closing quote.",
            where(fields),
            `${shape.quote}…${shape.quote} and more text`,
            "a doubled quote inside quotes, or none",
          );
        } else {
          if (state === 0) state = 1;
          cellBytes++;
        }
        if (cellBytes > shape.maxCellLength * 4) {
          return new RightsizeError("too_large", "A cell is too long.", {
            issues: [{ where: where(fields), received: "a longer cell", required: `at most ${shape.maxCellLength} characters` }],
          });
        }
      }
    }
    if (state === 2) {
      return problem("A quote is opened and never closed.", where(fields), "the end of the file inside quotes", "a closing quote");
    }
    return recordBytes > 0 ? endRecord() : null;
  } finally {
    stream.destroy();
  }
}

function decodes(encoding: TextDecoder, chunk: Uint8Array): boolean {
  try {
    encoding.decode(chunk, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Where the first line that isn't UTF-8 begins to differ, to within that line's cell; a character begun in the chunk before is passed over. */
function firstForeignByte(chunk: Uint8Array): number {
  let start = 0;
  while (start < 3 && ((chunk[start] ?? 0) & 0xc0) === 0x80) start++;
  const loose = new TextDecoder("utf-8").decode(chunk.subarray(start));
  const found = loose.indexOf("\ufffd");
  return found === -1 ? start : start + Buffer.byteLength(loose.slice(0, found), "utf8");
}
