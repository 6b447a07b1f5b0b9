/** Counting different numbers: exact up to 65,536, then estimated to within about 1 %. */
import { isGap } from "../columns/column-table.ts";

const exactLimit = 65_536;
const estimateBits = 1 << 22;

/** Counts different values outside gaps. Values compare by bits, with −0 equal to 0 and all NaN equal. */
export function countDistinct(values: Float64Array, gaps: Uint8Array | null): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const tableSize = 2 ** Math.ceil(Math.log2(4 * Math.min(exactLimit, values.length + 1)));
  const slots = new Float64Array(tableSize);
  const used = new Uint8Array(tableSize);
  let count = 0;
  let seenNaN = false;
  for (let row = 0; row < values.length; row++) {
    if (gaps !== null && isGap(gaps, row)) continue;
    const value = values[row] as number;
    // biome-ignore lint/suspicious/noSelfCompare: only NaN differs from itself, and this is the hot loop
    if (value !== value) {
      if (!seenNaN) count++;
      seenNaN = true;
      continue;
    }
    let slot = (value === 0 ? 0 : mix(words[2 * row] as number, words[2 * row + 1] as number)) & (tableSize - 1);
    while (used[slot] === 1 && slots[slot] !== value) slot = (slot + 1) & (tableSize - 1);
    if (used[slot] === 1) continue;
    if (++count > exactLimit) return estimateDistinct(values, words, gaps);
    used[slot] = 1;
    slots[slot] = value;
  }
  return count;
}

/** Linear counting (Whang, Vander-Zanden and Taylor 1990) over 2^22 bits: −m ln(share of empty bits). */
function estimateDistinct(values: Float64Array, words: Uint32Array, gaps: Uint8Array | null): number {
  const seen = new Uint8Array(estimateBits >> 3);
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    if (gaps !== null && isGap(gaps, row)) continue;
    const bit = values[row] === 0 ? 0 : mix(words[2 * row] as number, words[2 * row + 1] as number) & (estimateBits - 1);
    seen[bit >> 3] = (seen[bit >> 3] as number) | (1 << (bit & 7));
    present++;
  }
  let filled = 0;
  for (let byte = 0; byte < seen.length; byte++) for (let rest = seen[byte] as number; rest > 0; rest &= rest - 1) filled++;
  const estimate = filled >= estimateBits ? present : Math.round(-estimateBits * Math.log(1 - filled / estimateBits));
  return Math.min(present, estimate);
}

/** Mixes two words into one with the finaliser of MurmurHash3. */
function mix(low: number, high: number): number {
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
