/** What one cell's text means: a number, a date, a gap. The same rules at upload and at prediction. */

/** Texts that are gaps in every column, as DuckDB's reader is told. */
export const gapTexts: readonly string[] = ["", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "?"];

/** Texts, in lower case, that stand for a gap where a column otherwise holds numbers. */
export const gapWords: readonly string[] = [
  "-",
  "--",
  ".",
  "none",
  "nil",
  "missing",
  "unknown",
  "undefined",
  "#div/0!",
  "#value!",
  "(blank)",
  "*",
];

const gapTextSet = new Set(gapTexts);
const gapWordSet = new Set(gapWords);
/** Whether a trimmed text is a gap in any column. */
export function isGapText(text: string): boolean {
  return gapTextSet.has(text) || text === "NaN" || text === "nan";
}
/** Whether a trimmed text is a gap in a column of numbers. */
export function isGapWord(text: string): boolean {
  return isGapText(text) || gapWordSet.has(text.toLowerCase());
}

const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const notFinitePattern = /^[+-]?(?:nan|inf|infinity)$/i;

/** A number's text as a number; null when it isn't one. NaN and infinities, written as such, are numbers. */
export function parseNumber(text: string, decimalComma = false): number | null {
  const trimmed = decimalComma ? text.trim().replace(",", ".") : text.trim();
  if (numberPattern.test(trimmed)) return Number(trimmed);
  if (!notFinitePattern.test(trimmed)) return null;
  if (/nan/i.test(trimmed)) return Number.NaN;
  return trimmed.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const datePattern =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

const monthLengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** An ISO date or time (`2024-05-01`, `2024-05-01T10:00:00Z`, slashes too) as milliseconds since 1970 in UTC; null when it isn't one. */
export function parseDate(text: string): number | null {
  const found = datePattern.exec(text.trim());
  if (found === null) return null;
  const [, year, , month, day, hour = "0", minute = "0", second = "0", fraction = "0", zone = "Z"] = found;
  const m = Number(month);
  const d = Number(day);
  const h = Number(hour);
  if (m < 1 || m > 12 || d < 1 || d > (monthLengths[m - 1] ?? 0) || h > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  if (m === 2 && d === 29 && (Number(year) % 4 !== 0 || (Number(year) % 100 === 0 && Number(year) % 400 !== 0))) return null;
  const sign = zone.startsWith("-") ? -1 : 1;
  const offsetMinutes = zone === "Z" ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(":", "") || "0"));
  const minutes = (daysFromCivil(Number(year), m, d) * 24 + h) * 60 + Number(minute) - offsetMinutes;
  return minutes * 60_000 + Number(second) * 1000 + Math.floor(Number(`0.${fraction}`) * 1000);
}

/** A trimmed text as a truth value; null when it isn't one. */
export function parseBoolean(text: string): boolean | null {
  const lower = text.toLowerCase();
  return lower === "true" ? true : lower === "false" ? false : null;
}

/** A day in milliseconds. */
export const dayMs = 86_400_000;
export const dateParts = ["days", "month", "day", "weekday", "hour"] as const;
export type DatePart = (typeof dateParts)[number];

/** One part of a time in milliseconds since 1970, UTC: days since 1970 (with fraction), month 1–12, day 1–31, weekday 0 (Monday)–6, hour [0, 24). */
export function datePart(ms: number, part: DatePart): number {
  const day = Math.floor(ms / dayMs);
  switch (part) {
    case "days":
      return ms / dayMs;
    case "weekday":
      return (((day + 3) % 7) + 7) % 7;
    case "hour":
      return (ms - day * dayMs) / 3_600_000;
    case "month":
    case "day":
      return civilPart(day, part);
    default:
      return part satisfies never;
  }
}

/** Month or day of the month of a number of days since 1970-01-01 (Howard Hinnant's civil_from_days). */
function civilPart(days: number, part: "month" | "day"): number {
  const shifted = days + 719_468;
  const dayOfEra = shifted - Math.floor(shifted / 146_097) * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  if (part === "day") return dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  return monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
}

/** Days up to which a part is looked up instead of computed: 270 years. */
const mostDays = 100_000;

/** A part of dates for every day of a range, where the day alone decides it. */
export interface DayTable {
  readonly firstDay: number;
  /** One value a day from `firstDay` on. */
  readonly values: Float64Array;
}

/** The table of a part for times from `minimumMs` to `maximumMs`; null where the hour matters or the range is too long. */
export function dayTable(part: DatePart, minimumMs: number | null, maximumMs: number | null): DayTable | null {
  if (part === "days" || part === "hour" || minimumMs === null || maximumMs === null) return null;
  const firstDay = Math.floor(minimumMs / dayMs);
  const count = Math.floor(maximumMs / dayMs) - firstDay + 1;
  if (!(count >= 1 && count <= mostDays)) return null;
  return { firstDay, values: Float64Array.from({ length: count }, (_, day) => datePart((firstDay + day) * dayMs, part)) };
}
