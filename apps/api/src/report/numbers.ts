/** Numbers as reports write them. */

/** Four significant digits, thousands divided; small and large ones with an exponent. */
export function shown(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e12) return value.toLocaleString("en-US");
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(3);
  return size >= 1000 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(4)));
}

export const percent = (share: number | null): string => (share === null ? "–" : `${Number((share * 100).toPrecision(3))} %`);

export const counted = (count: number, what: string): string => `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;

/** A row of the dataset as people count it, from 1 without the header, as the page does; the API counts from 0. */
export const rowNumber = (row: number): string => (row + 1).toLocaleString("en-US");

/** ISO 8601 to the minute, for people. */
export const timeText = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;
