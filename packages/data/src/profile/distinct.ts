/** Counting different numbers: exact up to 65,536, then estimated to within about 1 %. */

const exactLimit = 65_536;
const tableSize = exactLimit * 4;
const estimateBits = 1 << 22;

/** Counts different values; `gapAt` says which rows to leave out. Values compare by bits, with −0 equal to 0. */
export function countDistinct(values: Float64Array, gapAt: ((row: number) => boolean) | null): number {
  const slots = new Float64Array(tableSize);
  const used = new Uint8Array(tableSize);
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    if (gapAt?.(row)) continue;
    const value = (values[row] as number) + 0;
    bits[0] = value;
    let slot = mix(words[0] as number, words[1] as number) & (tableSize - 1);
    while (used[slot] === 1 && slots[slot] !== value && !(Number.isNaN(value) && Number.isNaN(slots[slot]))) {
      slot = (slot + 1) & (tableSize - 1);
    }
    if (used[slot] === 1) continue;
    if (++count > exactLimit) return estimateDistinct(values, gapAt);
    used[slot] = 1;
    slots[slot] = value;
  }
  return count;
}

/** Linear counting (Whang, Vander-Zanden and Taylor 1990) over 2^22 bits: −m ln(share of empty bits). */
function estimateDistinct(values: Float64Array, gapAt: ((row: number) => boolean) | null): number {
  const seen = new Uint8Array(estimateBits >> 3);
  const bits = new Float64Array(1);
  const words = new Uint32Array(bits.buffer);
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    if (gapAt?.(row)) continue;
    bits[0] = (values[row] as number) + 0;
    const bit = mix(words[0] as number, words[1] as number) & (estimateBits - 1);
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
