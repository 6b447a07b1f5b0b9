/** What a file is, by its first bytes; its name is never trusted. */
import { RightsizeError } from "@rightsize/core";

export type FileFormat = "csv" | "json" | "ndjson" | "parquet" | "gzip" | "idx";

const foreign: readonly (readonly [string, string])[] = [
  ["PK\u0003\u0004", "a zip archive or a spreadsheet (xlsx, ods)"],
  ["\u00d0\u00cf\u0011\u00e0", "an old Microsoft Office file (xls)"],
  ["%PDF", "a PDF document"],
  ["\u0089PNG", "a PNG image"],
  ["\u00ff\u00d8\u00ff", "a JPEG image"],
  ["GIF8", "a GIF image"],
  ["SQLite format 3", "an SQLite database"],
  ["\u0089HDF", "an HDF5 file"],
  ["ARROW1", "an Arrow (Feather) file"],
  ["\u00ff\u00ff\u00ff\u00ff", "an Arrow stream"],
  ["\u0093NUMPY", "a NumPy array"],
  ["BZh", "a bzip2 archive"],
  ["\u00fd7zXZ", "an xz archive"],
  ["(\u00b5/\u00fd", "a zstd archive"],
  ["7z\u00bc\u00af", "a 7-Zip archive"],
  ["Obj\u0001", "an Avro file"],
  ["ORC", "an ORC file"],
  ["\u007fELF", "a program"],
  ["MZ\u0090", "a program"],
  ["{\\rtf", "an RTF document"],
];
const readable = "CSV or TSV, JSON (an array of objects), NDJSON or Parquet, plain or gzipped; IDX image and label pairs";

/** The format of a file's first bytes (some KB are enough). Throws `unreadable_data` (empty, wrong encoding) or `unsupported_format`. */
export function sniffFormat(head: Uint8Array): FileFormat {
  if (head.byteLength === 0) throw bad("unreadable_data", "The file is empty.", "0 bytes", "a header and at least one row");
  const latin = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 64)).toString("latin1");
  if (latin.startsWith("PAR1")) return "parquet";
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head[0] === 0 && head[1] === 0 && head[2] !== undefined && [8, 9, 11, 12, 13, 14].includes(head[2]) && (head[3] ?? 0) >= 1) {
    if ((head[3] as number) <= 4) return "idx";
  }
  for (const [magic, what] of foreign) {
    const distinctive = !/^[A-Z]{2,3}$/.test(magic) || hasControlBytes(head);
    if (latin.startsWith(magic) && distinctive) throw bad("unsupported_format", `The file is ${what}.`, what, readable);
  }
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw bad("unreadable_data", "The file is UTF-16 text.", "UTF-16", "UTF-8 text");
  }
  if (head.includes(0)) {
    throw looksLikeUtf16(head)
      ? bad("unreadable_data", "The file looks like UTF-16 text.", "UTF-16 without a byte order mark", "UTF-8 text")
      : bad("unsupported_format", "The file is binary.", "bytes that are no text", readable);
  }
  if (hasControlBytes(head)) throw bad("unsupported_format", "The file is binary.", "control characters", readable);
  const text = new TextDecoder("utf-8").decode(head).trimStart();
  if (text === "") throw bad("unreadable_data", "The file holds only blank space.", "blank space", "a header and at least one row");
  if (text.startsWith("[")) return /^\[\s*($|[[{\]"\d-])/.test(text) ? "json" : "csv";
  if (text.startsWith("{")) return formatOfObjects(text);
  if (/^<(!doctype|html|\?xml)/i.test(text)) throw bad("unsupported_format", "The file is HTML or XML.", "markup", readable);
  return "csv";
}

/** Objects one after another, each on its own line, are NDJSON; one object over several lines is JSON (and no table). */
function formatOfObjects(text: string): FileFormat {
  const firstLine = text.split(/\r?\n/, 1)[0] as string;
  if (firstLine.length === text.length) return "ndjson";
  try {
    JSON.parse(firstLine);
    return "ndjson";
  } catch {
    return /\}\s*$/.test(firstLine) ? "ndjson" : "json";
  }
}

function hasControlBytes(head: Uint8Array): boolean {
  let control = 0;
  for (const byte of head) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 26) control++;
  return control > head.byteLength / 1000;
}

function looksLikeUtf16(head: Uint8Array): boolean {
  let odd = 0;
  let even = 0;
  for (let index = 0; index < head.byteLength; index++) if (head[index] === 0) index % 2 === 1 ? odd++ : even++;
  return Math.max(odd, even) > head.byteLength * 0.3 && Math.min(odd, even) < head.byteLength * 0.02;
}

function bad(code: "unreadable_data" | "unsupported_format", detail: string, received: string, required: string): RightsizeError {
  return new RightsizeError(code, detail, { issues: [{ where: "file", received, required }] });
}
