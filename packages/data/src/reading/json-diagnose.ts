/** When DuckDB refuses a JSON file: reads it slowly, value by value, and names the first row that is wrong. */
import { createReadStream } from "node:fs";
import { RightsizeError } from "@rightsize/core";

/** The first value that is malformed or no object; null when nothing is found (or a value is too long to look at). Streams the file. */
export async function diagnoseJson(path: string, format: "json" | "ndjson", maxValueLength: number): Promise<RightsizeError | null> {
  const stream = createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 });
  let row = 0;
  let value = "";
  /** Open braces and brackets, the array's own among them. */
  let depth = 0;
  let inText = false;
  let escaped = false;
  let closed = false;
  const outer = format === "json" ? 1 : 0;
  const finish = (): RightsizeError | null => {
    const text = value.trim();
    value = "";
    if (text === "") return null;
    row++;
    try {
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return null;
      return wrong(`Row ${row} isn't an object.`, row, text.slice(0, 80), "an object, {…}");
    } catch (error) {
      const received = error instanceof Error ? error.message : text.slice(0, 80);
      return wrong(`The JSON is malformed in row ${row}.`, row, received, "well-formed JSON");
    }
  };
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      for (const character of chunk) {
        if (inText && !(format === "ndjson" && character === "\n")) {
          value += character;
          if (escaped) escaped = false;
          else if (character === "\\") escaped = true;
          else if (character === '"') inText = false;
          continue;
        }
        const atEnd = format === "ndjson" ? character === "\n" : depth === outer && (character === "," || character === "]");
        if (atEnd) {
          inText = false;
          depth = format === "ndjson" ? 0 : depth;
          const found = finish();
          if (found !== null) return found;
          if (format === "json" && character === "]") {
            depth--;
            closed = true;
          }
          continue;
        }
        if (format === "json" && depth === 0) {
          if (character === "[" && !closed) depth = 1;
          else if (character.trim() !== "" && character !== "\ufeff") {
            return wrong(
              "The JSON file isn't an array.",
              null,
              character,
              closed ? "nothing after the array" : "an array of objects, [{…}, {…}]",
            );
          }
          continue;
        }
        value += character;
        if (character === '"') inText = true;
        else if (character === "{" || character === "[") depth++;
        else if (character === "}" || character === "]") depth--;
        if (value.length > maxValueLength) return null;
      }
    }
    const found = finish();
    if (found !== null) return found;
    if (format === "json" && !closed)
      return wrong("The JSON file is cut off.", row + 1, "the end of the file inside the array", "a closing ]");
    return null;
  } finally {
    stream.destroy();
  }
}

function wrong(detail: string, row: number | null, received: string, required: string): RightsizeError {
  return new RightsizeError("unreadable_data", detail, { issues: [{ where: row === null ? "file" : `row ${row}`, received, required }] });
}
