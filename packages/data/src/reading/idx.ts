/**
 * IDX (LeCun's MNIST files): two zero bytes, a type byte, the number of dimensions, the sizes (uint32, big endian), then the
 * values. A pair is images [rows, height, width] or [rows, height, width, channels] and labels [rows].
 */
import { readFile, rename, rm, stat } from "node:fs/promises";
import { RightsizeError } from "@rightsize/core";
import { writeColumns } from "../columns/column-file.ts";
import { type ImageShape, type TableColumn, tableOf } from "../columns/column-table.ts";
import type { DataLimits } from "../limits.ts";
import { describeTable } from "../profile/describe-table.ts";
import { numberColumn } from "../profile/number-column.ts";
import type { ReadTableOptions, TableReading } from "./read-table.ts";
import { unpackGzip } from "./unpack.ts";

interface IdxFile {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Reads a pair of IDX files of unsigned bytes, plain or gzipped, into one table: a column a pixel (`p0`, `p1`, …, row-major,
 * channels last) and the column `label`. Throws `unreadable_data`, `unsupported_format` or `too_large`.
 */
export async function readIdxPair(
  imagesPath: string,
  labelsPath: string,
  options: Pick<ReadTableOptions, "name" | "outputPath" | "limits">,
): Promise<TableReading> {
  const { limits, outputPath } = options;
  const partPath = `${outputPath}.part`;
  try {
    const images = await readIdx(imagesPath, "images", outputPath, limits);
    const labels = await readIdx(labelsPath, "labels", outputPath, limits);
    if (images.shape.length !== 3 && images.shape.length !== 4) {
      throw wrong("unreadable_data", "images", `${images.shape.length} dimensions`, "3 (rows, height, width) or 4 with channels");
    }
    if (labels.shape.length !== 1) throw wrong("unreadable_data", "labels", `${labels.shape.length} dimensions`, "1 (rows)");
    const [rowCount = 0, height = 0, width = 0, channels = 1] = images.shape;
    if (labels.shape[0] !== rowCount) throw wrong("unreadable_data", "labels", `${labels.shape[0]} labels`, `${rowCount}, one an image`);
    if (rowCount === 0) throw wrong("unreadable_data", "images", "0 images", "at least one");
    if (rowCount > limits.maxRowCount) throw wrong("too_large", "images", `${rowCount} images`, `at most ${limits.maxRowCount}`);
    const pixelCount = height * width * channels;
    if (pixelCount === 0) throw wrong("unreadable_data", "images", `${height} × ${width} × ${channels} pixels`, "at least one");
    if (pixelCount + 1 > limits.maxColumnCount) {
      throw wrong("too_large", "images", `${pixelCount} pixels an image`, `at most ${limits.maxColumnCount - 1}`);
    }
    const columns: TableColumn[] = [];
    const values = new Float64Array(rowCount);
    for (let pixel = 0; pixel < pixelCount; pixel++) {
      for (let row = 0; row < rowCount; row++) values[row] = images.bytes[row * pixelCount + pixel] as number;
      columns.push(numberColumn(`p${pixel}`, "number", values, null));
    }
    columns.push(numberColumn("label", "number", Float64Array.from(labels.bytes), null));
    const image: ImageShape = { height, width, channels };
    const table = tableOf(rowCount, columns, image);
    await writeColumns(partPath, table);
    await rename(partPath, outputPath);
    return { format: "idx", rowCount, ...describeTable(table), suggestedTarget: "label", suggestedTask: "classification" };
  } finally {
    await rm(partPath, { force: true });
  }
}

async function readIdx(path: string, what: string, outputPath: string, limits: DataLimits): Promise<IdxFile> {
  const unpackedPath = `${outputPath}.${what}.unpacked`;
  try {
    const { size } = await stat(path);
    if (size > limits.maxFileBytes) throw wrong("too_large", what, `${size} bytes`, `at most ${limits.maxFileBytes}`);
    let content = await readFile(path);
    if (content[0] === 0x1f && content[1] === 0x8b) {
      await unpackGzip(path, unpackedPath, limits);
      content = await readFile(unpackedPath);
    }
    if (content.length < 4 || content[0] !== 0 || content[1] !== 0) {
      throw wrong("unsupported_format", what, "a file that doesn't begin as IDX", "an IDX file, plain or gzipped");
    }
    if (content[2] !== 8) throw wrong("unsupported_format", what, `IDX of type ${content[2]}`, "unsigned bytes (type 8)");
    const dimensions = content[3] as number;
    const start = 4 + 4 * dimensions;
    if (content.length < start) throw wrong("unreadable_data", what, "a file cut off in its sizes", "a whole IDX file");
    const shape = Array.from({ length: dimensions }, (_, index) => content.readUInt32BE(4 + 4 * index));
    const bytes = shape.reduce((product, length) => product * length, 1);
    if (content.length - start !== bytes) {
      throw wrong("unreadable_data", what, `${content.length - start} bytes of values`, `${bytes}, as its sizes ${shape.join(" × ")} say`);
    }
    return { shape, bytes: content.subarray(start) };
  } finally {
    await rm(unpackedPath, { force: true });
  }
}

function wrong(
  code: "unreadable_data" | "unsupported_format" | "too_large",
  where: string,
  received: string,
  required: string,
): RightsizeError {
  return new RightsizeError(code, `The IDX file of ${where} can't be used.`, { issues: [{ where, received, required }] });
}
