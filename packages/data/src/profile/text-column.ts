/** Texts as read become booleans, categories or plain text, with their profile. */
import type { ColumnProfile, ColumnType } from "@rightsize/core";
import type { CodeArray, CodeColumn } from "../columns/column-table.ts";
import { parseBoolean } from "../values.ts";

/** At most this share of a column's values may be different for it to hold categories… */
const categoryShare = 0.5;
/** …and at most so many. */
const categoryLimit = 1000;

/** Whether so many different texts among so many values are categories rather than free text. */
export function areCategories(distinctCount: number, valueCount: number): boolean {
  if (distinctCount > categoryLimit) return false;
  return distinctCount <= categoryShare * valueCount || (distinctCount <= 2 && valueCount > 0);
}

/** `codes` [rowCount]: 0 is a gap, k is texts[k − 1] in the order of first appearance. */
export function textColumn(name: string, codes: Int32Array, texts: readonly string[]): CodeColumn {
  const truths = texts.map(parseBoolean);
  if (texts.length > 0 && truths.every((truth) => truth !== null)) {
    const recoded = truths.map((truth) => (truth ? 2 : 1));
    return coded(name, "boolean", codes, recoded, ["false", "true"]);
  }
  const order = texts.map((_, index) => index).sort((a, b) => ((texts[a] as string) < (texts[b] as string) ? -1 : 1));
  const recoded = new Array<number>(texts.length);
  for (let rank = 0; rank < order.length; rank++) recoded[order[rank] as number] = rank + 1;
  const labels = order.map((index) => texts[index] as string);
  let valueCount = 0;
  for (const code of codes) if (code !== 0) valueCount++;
  return coded(name, areCategories(texts.length, valueCount) ? "category" : "text", codes, recoded, labels);
}

function coded(name: string, type: ColumnType, codes: Int32Array, recoded: readonly number[], labels: readonly string[]): CodeColumn {
  const Array_ = labels.length < 256 ? Uint8Array : labels.length < 65_536 ? Uint16Array : Uint32Array;
  const stored: CodeArray = new Array_(codes.length);
  const counts = new Uint32Array(labels.length + 1);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] as number;
    const kept = code === 0 ? 0 : (recoded[code - 1] as number);
    stored[row] = kept;
    counts[kept] = (counts[kept] as number) + 1;
  }
  const ranked = labels.map((label, index) => ({ label, count: counts[index + 1] as number })).filter(({ count }) => count > 0);
  const distinctCount = ranked.length;
  const top = type === "text" ? ranked.slice(0, 5) : ranked.sort((a, b) => b.count - a.count).slice(0, 5);
  return {
    kind: "codes",
    profile: textProfile(
      name,
      type,
      counts[0] as number,
      distinctCount,
      top.map(({ label }) => shortened(label)),
    ),
    codes: stored,
    labels,
  };
}

/** At most 80 characters of a text. */
export const shortened = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

/** The profile of a column that isn't made of numbers. */
export function textProfile(
  name: string,
  type: ColumnType,
  gapCount: number,
  distinctCount: number,
  examples: readonly string[],
): ColumnProfile {
  return {
    name,
    type,
    gapCount,
    distinctCount,
    minimum: null,
    maximum: null,
    mean: null,
    deviation: null,
    histogram: [],
    examples,
    warnings: [],
  };
}
