/** What every format becomes before it is loaded: named columns, and SQL that yields them in row order. */

/** How a column is read. `gappy` reads numbers and takes what isn't one as a gap; `ms` is milliseconds since 1970 as a number. */
export type Reading = "number" | "gappy" | "ms" | "date" | "text";

export interface SourceColumn {
  readonly name: string;
  /** What the format itself says; `unknown` is text that may turn out to be numbers or dates. */
  readonly holds: "number" | "ms" | "text" | "unknown";
  /** Some values as text, gaps left out; only for `unknown`. */
  readonly sample: readonly string[];
}

export interface Source {
  readonly format: string;
  readonly columns: readonly SourceColumn[];
  /** SELECT of all columns in order, named c0, c1, …, as DOUBLE (`number`, `gappy`, `ms`) or VARCHAR (`date`, `text`). */
  select(readings: readonly Reading[]): string;
  /** SELECT of one column's text (VARCHAR) named `value`. */
  selectText(column: number): string;
  /** Row and line for messages: data rows count from 1. */
  place(row: number): string;
  /** Turns an error of the reader into one of ours that names the place. */
  explain(error: unknown): Promise<Error>;
  readonly decimalComma: boolean;
}

/** A text as an SQL literal. */
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
/** A name as an SQL identifier. */
export const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
/** A path as an SQL literal whose glob characters mean themselves. */
export const pathLiteral = (path: string) => literal(path.replaceAll(/[[*?]/g, (character) => `[${character}]`));
