/** How a CSV file is written, as options of a command that uploads one. */

import type { UploadedFile } from "@rightsize/client";
import { uploadOptionsSchema } from "@rightsize/contract";
import type { Invocation, OptionSpec } from "../command.ts";
import { usageError } from "../errors.ts";

/** Left out, each is found out from the file; decimal commas alone must be said. */
export const dialectOptions: Readonly<Record<string, OptionSpec>> = {
  delimiter: { type: "string", value: "D", help: "CSV: what parts cells: tab, comma, semicolon, bar, space or one character (found out)" },
  decimal: { type: "string", value: "D", help: "CSV: what begins a number's fraction, . or , (.)" },
  quote: { type: "string", value: "Q", help: "CSV: what stands around cells that hold delimiters (found out)" },
  header: { type: "boolean", help: "CSV: the first line names the columns (found out)" },
  "no-header": { type: "boolean", help: "CSV: the first line is data" },
};

/** What was said of the file; throws a usage error where that can't be. */
export function dialectOf(invocation: Invocation, command: string): Omit<UploadedFile, "name" | "bytes"> {
  const [header, noHeader] = [invocation.flag("header"), invocation.flag("no-header")];
  if (header && noHeader) throw usageError("--header and --no-header say opposite things.", command);
  const said = {
    delimiter: invocation.text("delimiter") ?? undefined,
    decimal: invocation.text("decimal") ?? undefined,
    quote: invocation.text("quote") ?? undefined,
    header: header || noHeader ? String(header) : undefined,
  };
  const parsed = uploadOptionsSchema.safeParse(said);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ code, path, message }) => {
    const name = String(path[0]);
    return `--${name} is "${invocation.text(name)}": it takes ${code === "custom" && name !== "delimiter" ? message : (wanted[name] ?? message)}.`;
  });
  throw usageError(lines.join("\n"), command);
}

/** What an option takes, where the schema does not say it in a few words. */
const wanted: Readonly<Record<string, string>> = {
  delimiter: "tab, comma, semicolon, bar, space or one character",
  decimal: ". or ,",
};
