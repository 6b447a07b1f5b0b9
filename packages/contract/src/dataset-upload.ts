/** What an upload may say of its file besides the bytes, in the address or as fields of a form; and the preview of a dataset's rows. */
import { z } from "zod";

const oneCharacter = z.string().refine((text) => [...text].length === 1 && !/[\r\n\0]/.test(text), "one character");

/** `name`, and how a CSV file is written where that shouldn't be guessed. Everything is text, as in an address. */
export const uploadOptionsSchema = z
  .object({
    name: z.string().max(1000).optional().meta({ description: "What the file is called" }),
    header: z
      .enum(["true", "false"])
      .transform((text) => text === "true")
      .optional()
      .meta({ description: "CSV: whether the first line names the columns. Left out: found out" }),
    delimiter: z
      .union([z.enum(["tab", "comma", "semicolon", "bar", "space"]), oneCharacter])
      .optional()
      .meta({ description: "CSV: what parts cells, one character or tab, comma, semicolon, bar, space. Left out: found out" }),
    decimal: z.enum([".", ","]).optional().meta({ description: "CSV: what begins a number's fraction. Left out: a dot, never guessed" }),
    quote: oneCharacter.optional().meta({ description: "CSV: what stands around cells that hold delimiters. Left out: found out" }),
  })
  .superRefine(({ delimiter, decimal, quote }, context) => {
    const parts = delimiter === undefined ? undefined : delimiterCharacter(delimiter);
    if (parts !== undefined && parts === quote) {
      context.addIssue({ code: "custom", path: ["quote"], input: quote, message: "another character than the delimiter" });
    }
    if (parts !== undefined && parts === decimal) {
      context.addIssue({ code: "custom", path: ["decimal"], input: decimal, message: "another character than the delimiter" });
    }
  });
export type UploadOptions = z.output<typeof uploadOptionsSchema>;

const named: Readonly<Record<string, string>> = { tab: "\t", comma: ",", semicolon: ";", bar: "|", space: " " };
/** A delimiter as one character: `tab` and the like are easier to write in an address. */
export function delimiterCharacter(delimiter: string): string {
  return named[delimiter] ?? delimiter;
}

/** Query of GET /v1/datasets/:id/rows. */
export const rowsQuerySchema = z.object({
  offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).meta({ description: "Number of the first row, from 0" }),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});

/** Some rows of a dataset as text; fewer than asked for where the table ends or is very wide. */
export const datasetRowsSchema = z.object({
  dataset: z.string(),
  offset: z.int(),
  /** Rows of the whole dataset. */
  rowCount: z.int(),
  columns: z.array(z.string()),
  rows: z
    .array(z.array(z.string().nullable()))
    .meta({ description: "Cells as text, at most 200 characters long; null is a gap, or a text that isn't kept" }),
});
export type DatasetRows = z.infer<typeof datasetRowsSchema>;
