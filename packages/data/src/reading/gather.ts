/** Growing columns: chunks of a reader's rows are collected in blocks, so that no column is ever copied to grow. */
import type { DuckDBVector } from "@duckdb/node-api";
import { RightsizeError } from "@rightsize/core";
import type { TableColumn } from "../columns/column-table.ts";
import type { DataLimits } from "../limits.ts";
import { numberColumn } from "../profile/number-column.ts";
import { shortened, textColumn, textProfile } from "../profile/text-column.ts";
import { isGapText, parseDate } from "../values.ts";
import { copyDoubles, isValid, validityWords } from "./duckdb.ts";
import { rawWords, ShortTexts } from "./short-texts.ts";

const blockRows = 65_536;

/** Takes a column's chunks in row order, then gives the finished column. */
export interface Gatherer {
  add(vector: DuckDBVector, count: number): void;
  finish(): TableColumn;
}

/** Bits by row that grow; nothing is kept while none is set. */
class GapBits {
  private bits: Uint8Array | null = null;
  set(row: number): void {
    const byte = row >> 3;
    if (this.bits === null || byte >= this.bits.length) {
      const grown = new Uint8Array(Math.max(1024, byte * 2));
      if (this.bits !== null) grown.set(this.bits);
      this.bits = grown;
    }
    this.bits[byte] = (this.bits[byte] as number) | (1 << (row & 7));
  }
  finish(rowCount: number): Uint8Array | null {
    if (this.bits === null) return null;
    const exact = new Uint8Array(Math.ceil(rowCount / 8));
    exact.set(this.bits.subarray(0, Math.min(exact.length, this.bits.length)));
    return exact;
  }
}

/** Rows in blocks of a typed array. */
class Blocks<Kind extends Float64Array | Int32Array> {
  private readonly blocks: { readonly rows: Kind; used: number }[] = [];
  private readonly make: (length: number) => Kind;
  length = 0;
  constructor(make: (length: number) => Kind) {
    this.make = make;
  }
  /** A block with room for `count` more rows, and where they begin in it. */
  room(count: number): { readonly block: Kind; readonly at: number } {
    let last = this.blocks.at(-1);
    if (last === undefined || last.used + count > last.rows.length) {
      last = { rows: this.make(Math.max(blockRows, count)), used: 0 };
      this.blocks.push(last);
    }
    const at = last.used;
    last.used += count;
    this.length += count;
    return { block: last.rows, at };
  }
  /** All rows in one array; the blocks are given up. */
  finish(): Kind {
    const whole = this.make(this.length);
    let at = 0;
    for (const { rows, used } of this.blocks) {
      whole.set(rows.subarray(0, used), at);
      at += used;
    }
    this.blocks.length = 0;
    return whole;
  }
}

/** Gathers DOUBLE vectors. */
export function gatherNumbers(name: string, kind: "number" | "date"): Gatherer {
  const blocks = new Blocks((length) => new Float64Array(length));
  const gaps = new GapBits();
  return {
    add(vector, count) {
      const first = blocks.length;
      const { block, at } = blocks.room(count);
      copyDoubles(vector, count, block, at, (row) => gaps.set(first + row));
    },
    finish: () => numberColumn(name, kind, blocks.finish(), gaps.finish(blocks.length)),
  };
}

/** Says that a column read as dates holds something else. */
export class NotADate extends Error {
  readonly columnName: string;
  constructor(columnName: string) {
    super(`column ${columnName} holds more than dates`);
    this.columnName = columnName;
  }
}

/** Gathers VARCHAR vectors of ISO dates. Throws NotADate. */
export function gatherDates(name: string): Gatherer {
  const blocks = new Blocks((length) => new Float64Array(length));
  const gaps = new GapBits();
  let lastText = "";
  let lastMs = 0;
  return {
    add(vector, count) {
      const first = blocks.length;
      const { block, at } = blocks.room(count);
      for (let row = 0; row < count; row++) {
        const item = vector.getItem(row);
        if (typeof item !== "string" || isGapText(item.trim())) {
          gaps.set(first + row);
          continue;
        }
        if (item !== lastText) {
          const ms = parseDate(item);
          if (ms === null) throw new NotADate(name);
          lastText = item;
          lastMs = ms;
        }
        block[at + row] = lastMs;
      }
    },
    finish: () => numberColumn(name, "date", blocks.finish(), gaps.finish(blocks.length)),
  };
}

/** Gathers VARCHAR vectors as codes of different texts. Throws `too_large` for an overlong cell. */
export function gatherTexts(
  name: string,
  limits: Pick<DataLimits, "maxDistinctTexts" | "maxTextCharacters" | "maxCellLength">,
  place: (row: number) => string,
): Gatherer {
  const blocks = new Blocks((length) => new Int32Array(length));
  const codeOf = new Map<string, number>();
  const texts: string[] = [];
  const short = new ShortTexts();
  let overfull = false;
  let characters = 0;
  let distinctCount = 0;
  let gapCount = 0;
  /** The code of a text met for the first time as it stands; texts that differ in outer blanks only share one. */
  const newCode = (raw: string, row: number): number => {
    const text = raw.trim();
    if (isGapText(text)) return 0;
    if (text.length > limits.maxCellLength) {
      throw new RightsizeError("too_large", "A cell is too long.", {
        issues: [
          { where: `${place(row)}, column ${name}`, received: `${text.length} characters`, required: `at most ${limits.maxCellLength}` },
        ],
      });
    }
    const known = codeOf.get(text);
    if (known !== undefined) return known;
    characters += text.length;
    distinctCount++;
    if (texts.length >= limits.maxDistinctTexts || characters > limits.maxTextCharacters) {
      overfull = true;
      texts.length = Math.min(5, texts.length);
      codeOf.clear();
      return 0;
    }
    texts.push(text);
    codeOf.set(text, texts.length);
    return texts.length;
  };
  const codeFor = (raw: string, row: number): number => {
    const known = codeOf.get(raw);
    if (known !== undefined) return known;
    const code = newCode(raw, row);
    if (codeOf.size < 2 * limits.maxDistinctTexts) codeOf.set(raw, code);
    return code;
  };
  return {
    add(vector, count) {
      const first = blocks.length;
      const { block, at } = blocks.room(count);
      const valid = validityWords(vector);
      const words = valid === undefined || overfull ? null : rawWords(vector, count);
      if (words !== null && valid !== undefined) {
        for (let row = 0; row < count; row++) {
          if (!isValid(valid, row)) {
            gapCount++;
            continue;
          }
          const slot = short.slot(words, row);
          let code = slot === -1 ? -1 : short.code(slot);
          if (code === -1) {
            code = overfull ? 0 : codeFor(String(vector.getItem(row)), first + row);
            if (slot !== -1 && !overfull) short.keep(slot, words, row, code);
          }
          block[at + row] = code;
        }
        return;
      }
      for (let row = 0; row < count; row++) {
        const item = vector.getItem(row);
        if (item === null) gapCount++;
        else if (!overfull) block[at + row] = codeFor(typeof item === "string" ? item : String(item), first + row);
      }
    },
    finish() {
      const codes = blocks.finish();
      codeOf.clear();
      if (!overfull) return textColumn(name, codes, texts);
      return { kind: "profile", profile: textProfile(name, "text", gapCount, distinctCount, texts.map(shortened)) };
    },
  };
}
