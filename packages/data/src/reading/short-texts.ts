/**
 * Codes of short texts by their raw bytes: DuckDB keeps a text of up to 12 bytes in four words (its length, then the bytes,
 * zero-padded), so a text met before is found without being decoded.
 */
import type { DuckDBVector } from "@duckdb/node-api";

const slotCount = 1 << 15;
/** Texts kept; beyond it texts are decoded each time. */
const mostTexts = slotCount / 2;
const longestBytes = 12;

/** Four words a row of a VARCHAR vector, or null where the library's inside isn't what it was. */
export function rawWords(vector: DuckDBVector, count: number): Uint32Array | null {
  const { dataView, itemOffset } = vector as unknown as { readonly dataView?: unknown; readonly itemOffset?: unknown };
  if (!(dataView instanceof DataView) || itemOffset !== 0 || dataView.byteLength < count * 16 || dataView.byteOffset % 4 !== 0) return null;
  return new Uint32Array(dataView.buffer, dataView.byteOffset, count * 4);
}

/** A hash table from four words to a code (open addressing). */
export class ShortTexts {
  private readonly keys = new Uint32Array(slotCount * 4);
  private readonly codes = new Int32Array(slotCount).fill(-1);
  private size = 0;

  /** The slot of a row's text: where it is, or where it would be; −1 for a text that is too long. */
  slot(words: Uint32Array, row: number): number {
    const at = row * 4;
    const length = words[at] as number;
    if (length > longestBytes) return -1;
    const a = words[at + 1] as number;
    const b = words[at + 2] as number;
    const c = words[at + 3] as number;
    let hash = Math.imul(a ^ length, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & (slotCount - 1);
    const { keys, codes } = this;
    while (codes[slot] !== -1) {
      const key = slot * 4;
      if (keys[key] === length && keys[key + 1] === a && keys[key + 2] === b && keys[key + 3] === c) break;
      slot = (slot + 1) & (slotCount - 1);
    }
    return slot;
  }

  /** The code kept in a slot; −1 for none. */
  code(slot: number): number {
    return this.codes[slot] as number;
  }

  /** Keeps a row's code in its slot, while there is room. */
  keep(slot: number, words: Uint32Array, row: number, code: number): void {
    if (this.size >= mostTexts) return;
    this.size++;
    this.keys.set(words.subarray(row * 4, row * 4 + 4), slot * 4);
    this.codes[slot] = code;
  }
}
