/** Numbers, times and names as people read them. */

/** At most four significant digits, whole numbers in full: 5.4 → `5.4`, 12.3456 → `12.35`, 12345.6 → `12346`. */
export function shortNumber(value: number, digits = 4): string {
  return Math.abs(value) >= 10 ** (digits - 1) ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
}

/** Scores with four digits, or as many as keep different scores apart: a strict comparison must be visible. */
export function scoreTexts(scores: readonly (number | null)[]): readonly (string | null)[] {
  const present = scores.filter((score) => score !== null);
  const different = new Set(present).size;
  let digits = 4;
  while (digits < 17 && new Set(present.map((score) => shortNumber(score, digits))).size < different) digits++;
  return scores.map((score) => (score === null ? null : shortNumber(score, digits)));
}

/** Digits in groups of three, as the page writes them: 1234567 → `1,234,567`. */
export function groupedNumber(value: number): string {
  return value.toLocaleString("en-US");
}

/** 850 → `0.9 s`, 75 000 → `1 min 15 s`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A column's name as words: `Miles_per_Gallon` → `miles per gallon`. */
export function columnWords(name: string): string {
  const words = name.replaceAll(/[_\s]+/g, " ").trim();
  return /^[A-Z]+$/.test(words) ? words : words.toLowerCase();
}

/** `1 row`, `2 rows`. */
export function counted(count: number, word: string): string {
  return `${groupedNumber(count)} ${word}${count === 1 ? "" : "s"}`;
}
