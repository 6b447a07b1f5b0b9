/**
 * The columnar form of a table: one file, read column by column, equal for equal tables.
 *
 * Layout (little endian):
 *   0   8 bytes   "RSCOLS1\n"
 *   8   4 bytes   length of the header in bytes (uint32)
 *   12  4 bytes   0
 *   16            header: canonical JSON, see `FileHeader`; then zero bytes up to a multiple of 64
 *   …             blocks, each starting at a multiple of 64 counted from the first; offsets in the header count from there
 * A numbers column has a block of values ([rowCount] of the narrowest type that holds all of them exactly) and, if it has
 * gaps, a block of bits (set: gap). A codes column has a block of codes (0: gap; k: label k − 1) and a block with its labels
 * as a JSON array. A column kept as a profile only has no block.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { type ColumnProfile, canonicalText, RightsizeError } from "@rightsize/core";
import type { CodeArray, ColumnTable, ImageShape, NumberArray, TableColumn } from "./column-table.ts";

const magic = "RSCOLS1\n";
const alignment = 64;
const headerStart = 16;

const numberTypes = { u8: Uint8Array, i16: Int16Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;
const codeTypes = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array } as const;

interface Block {
  readonly offset: number;
  readonly bytes: number;
}
type HeaderColumn =
  | { readonly kind: "numbers"; readonly type: keyof typeof numberTypes; readonly values: Block; readonly gaps: Block | null }
  | { readonly kind: "codes"; readonly type: keyof typeof codeTypes; readonly codes: Block; readonly labels: Block }
  | { readonly kind: "profile" };
interface FileHeader {
  readonly rowCount: number;
  readonly image: ImageShape | null;
  readonly columns: readonly { readonly profile: ColumnProfile; readonly stored: HeaderColumn }[];
}

const padded = (length: number) => Math.ceil(length / alignment) * alignment;
const bytesOf = (array: NumberArray | CodeArray) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

function typeName<Types extends Record<string, { readonly name: string }>>(types: Types, array: object): keyof Types & string {
  const found = Object.keys(types).find((name) => types[name]?.name === array.constructor.name);
  if (found === undefined) throw new TypeError(`no stored form for ${array.constructor.name}`);
  return found;
}

/** Writes a table's columnar form to a new file (mode 0600 before umask is the caller's folder's business). */
export async function writeColumns(path: string, table: ColumnTable): Promise<void> {
  const blocks: Uint8Array[] = [];
  let offset = 0;
  const add = (bytes: Uint8Array): Block => {
    const block = { offset, bytes: bytes.byteLength };
    blocks.push(bytes);
    offset += padded(bytes.byteLength);
    return block;
  };
  const columns = table.profiles.map((profile) => {
    const column = table.column(profile.name) as TableColumn;
    return { profile, stored: storeColumn(column, add) };
  });
  const header = Buffer.from(canonicalText({ rowCount: table.rowCount, image: table.image, columns } satisfies FileHeader), "utf8");
  const front = Buffer.alloc(padded(headerStart + header.byteLength));
  front.write(magic, 0, "latin1");
  front.writeUInt32LE(header.byteLength, 8);
  header.copy(front, headerStart);
  const file = await open(path, "w");
  try {
    await file.writeFile(front);
    for (const block of blocks) {
      await file.writeFile(block);
      const rest = padded(block.byteLength) - block.byteLength;
      if (rest > 0) await file.writeFile(new Uint8Array(rest));
    }
  } finally {
    await file.close();
  }
}

function storeColumn(column: TableColumn, add: (bytes: Uint8Array) => Block): HeaderColumn {
  switch (column.kind) {
    case "numbers":
      return {
        kind: "numbers",
        type: typeName(numberTypes, column.values),
        values: add(bytesOf(column.values)),
        gaps: column.gaps === null ? null : add(column.gaps),
      };
    case "codes":
      return {
        kind: "codes",
        type: typeName(codeTypes, column.codes),
        codes: add(bytesOf(column.codes)),
        labels: add(Buffer.from(JSON.stringify(column.labels), "utf8")),
      };
    case "profile":
      return { kind: "profile" };
    default:
      return column satisfies never;
  }
}

/** Some rows of a table: `first` is a multiple of 8, so that gap bits begin at a byte. */
interface RowWindow {
  readonly first: number;
  readonly count: number;
}

/** Opens a columnar file: reads the header now and each column when it is first asked for. Throws `artifact_corrupt`. */
export async function openColumns(path: string): Promise<ColumnTable> {
  return (await openWindow(path, null)).table;
}

/**
 * Some rows of a columnar file as a table of their own; only their bytes are read, and of a text column its labels. `offset` is the place
 * of row `first` in that table, `rowCount` the rows of the whole. Throws `artifact_corrupt`.
 */
export async function openRows(
  path: string,
  first: number,
  count: number,
): Promise<{ readonly table: ColumnTable; readonly offset: number; readonly rowCount: number }> {
  const offset = first % 8;
  const opened = await openWindow(path, { first: first - offset, count: count + offset });
  return { ...opened, offset };
}

async function openWindow(path: string, wanted: RowWindow | null): Promise<{ readonly table: ColumnTable; readonly rowCount: number }> {
  const corrupt = (what: string, cause?: unknown) =>
    new RightsizeError("artifact_corrupt", `The columnar file can't be read: ${what}.`, { cause });
  const { size } = await stat(path);
  const file = await open(path, "r");
  let header: FileHeader;
  let start: number;
  try {
    const front = Buffer.alloc(headerStart);
    await file.read(front, 0, headerStart, 0);
    if (front.toString("latin1", 0, 8) !== magic) throw corrupt("it doesn't begin as one");
    const length = front.readUInt32LE(8);
    if (headerStart + length > size) throw corrupt("it ends inside its header");
    const text = Buffer.alloc(length);
    await file.read(text, 0, length, headerStart);
    try {
      header = JSON.parse(text.toString("utf8")) as FileHeader;
    } catch (error) {
      throw corrupt("its header isn't JSON", error);
    }
    start = padded(headerStart + length);
  } finally {
    await file.close();
  }
  const read = ({ offset, bytes }: Block): ArrayBuffer => {
    if (start + offset + bytes > size) throw corrupt("it ends inside a column");
    const buffer = new ArrayBuffer(bytes);
    const descriptor = openSync(path, "r");
    try {
      const view = new Uint8Array(buffer);
      for (let done = 0; done < bytes; ) {
        const got = readSync(descriptor, view, done, Math.min(bytes - done, 1 << 30), start + offset + done);
        if (got === 0) throw corrupt("it ends inside a column");
        done += got;
      }
    } finally {
      closeSync(descriptor);
    }
    return buffer;
  };
  const byName = new Map(header.columns.map((column) => [column.profile.name, column]));
  const loaded = new Map<string, TableColumn>();
  const window =
    wanted === null ? null : { first: wanted.first, count: Math.max(0, Math.min(wanted.count, header.rowCount - wanted.first)) };
  const table: ColumnTable = {
    rowCount: window?.count ?? header.rowCount,
    image: header.image,
    profiles: header.columns.map((column) => column.profile),
    column(name) {
      const known = loaded.get(name);
      const entry = byName.get(name);
      if (known !== undefined || entry === undefined) return known;
      const column = loadColumn(entry.profile, entry.stored, read, window);
      loaded.set(name, column);
      return column;
    },
  };
  return { table, rowCount: header.rowCount };
}

/** The part of a block that holds some rows, each of so many bytes (1/8 for a bit). */
function partOf(block: Block, rowBytes: number, window: RowWindow | null): Block {
  if (window === null) return block;
  const from = Math.min(block.bytes, window.first * rowBytes);
  return { offset: block.offset + from, bytes: Math.min(block.bytes - from, Math.ceil(window.count * rowBytes)) };
}

function loadColumn(
  profile: ColumnProfile,
  stored: HeaderColumn,
  read: (block: Block) => ArrayBuffer,
  window: RowWindow | null,
): TableColumn {
  switch (stored.kind) {
    case "numbers": {
      const Numbers = numberTypes[stored.type];
      return {
        kind: "numbers",
        profile,
        values: new Numbers(read(partOf(stored.values, Numbers.BYTES_PER_ELEMENT, window))),
        gaps: stored.gaps === null ? null : new Uint8Array(read(partOf(stored.gaps, 1 / 8, window))),
      };
    }
    case "codes":
      return {
        kind: "codes",
        profile,
        codes: new codeTypes[stored.type](read(partOf(stored.codes, codeTypes[stored.type].BYTES_PER_ELEMENT, window))),
        labels: JSON.parse(Buffer.from(read(stored.labels)).toString("utf8")) as string[],
      };
    case "profile":
      return { kind: "profile", profile };
    default:
      return stored satisfies never;
  }
}
