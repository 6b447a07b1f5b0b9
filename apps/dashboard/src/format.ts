/** Numbers, times and words as people read them. */
import type { ExperimentView } from "@rightsize/contract";
import type { NextStep } from "@rightsize/core";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** 62751 → `62,751`. */
export const count = (value: number): string => whole.format(value);

/** A score with four significant digits and no exponent between 0.0001 and a million; `–` for none. */
export function score(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace("-", "−").replace("e+", "e");
  const decimals = Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(size))));
  return new Intl.NumberFormat("en", { minimumFractionDigits: Math.min(decimals, 1), maximumFractionDigits: decimals })
    .format(value)
    .replace("-", "−");
}

/**
 * How to write the scores of one column: with equally many decimals, so that their points stand under each other; enough for four
 * significant digits of the smallest, less the zeros that all of them end in; more
 * where two different scores would look equal, since a strict comparison must be visible.
 */
export function scoreFormat(values: readonly (number | null)[]): (value: number | null) => string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const sizes = known.map(Math.abs).filter((size) => size > 0);
  const smallest = Math.min(...sizes);
  if (sizes.length === 0 || smallest < 1e-4 || Math.max(...sizes) >= 1e7) return score;
  let most = Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(smallest))));
  const different = new Set(known).size;
  const shown = (decimals: number) => new Set(known.map((value) => value.toFixed(decimals))).size;
  while (most < 12 && shown(most) < different) most += 1;
  const zeros = Math.min(...known.map((value) => (most > 0 ? (/0*$/.exec(value.toFixed(most))?.[0].length ?? 0) : 0)));
  const decimals = Math.max(most > 0 ? 1 : 0, most - zeros);
  return (value) => (value === null || !Number.isFinite(value) ? "–" : fixed(value, decimals));
}

/** A number with so many decimals; what rounds to zero has no sign: −0.001 → `0.00`. */
export function fixed(value: number, decimals: number): string {
  return new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative" })
    .format(value)
    .replace("-", "−");
}

/** A number with at most four significant digits and no more decimals than it has: `0`, `44.5`, `0.1963`. */
export function plain(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return score(value);
  const decimals = size === 0 ? 0 : Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(size))));
  return new Intl.NumberFormat("en", { maximumFractionDigits: decimals, useGrouping: size >= 10_000, signDisplay: "negative" })
    .format(value)
    .replace("-", "−");
}

/** A spread with two significant digits, for example `0.23`, `3.2`, `120`. */
export const spread = (value: number): string => plain(Number(value.toPrecision(2)));

/** Milliseconds as `0.8 s`, `12 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return "–";
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago, from two times in milliseconds since 1970. */
export function ago(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - thenMs) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(thenMs).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** Bytes as `1.2 kB`, `3.4 MB` (powers of 1,000). */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

const nextStepWords: Record<NextStep, string> = {
  INCREASE_CAPACITY: "Increase capacity",
  DECREASE_CAPACITY: "Decrease capacity",
  DONE: "Done",
};
/** The words of the course's table. */
export const nextStepText = (step: NextStep): string => nextStepWords[step];

const stateWords: Record<ExperimentView["state"], string> = {
  QUEUED: "Queued",
  RUNNING: "Running",
  PAUSED: "Paused",
  SUCCEEDED: "Done",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};
export const stateText = (state: ExperimentView["state"]): string => stateWords[state];

/** `undecided_trial` → `undecided trial`. */
export const plainWords = (name: string): string => name.replaceAll("_", " ").toLowerCase();

/** One thing or many: `1 trial`, `2 trials`. */
export const counted = (amount: number, one: string, many = `${one}s`): string => `${count(amount)} ${amount === 1 ? one : many}`;
