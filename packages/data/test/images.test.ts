/** IDX pairs: images stay images, and become flat, scaled features. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildTensors, openColumns, openPlan, readIdxPair } from "@rightsize/data";
import { describe, expect, it } from "vitest";
import { errorOf, fileOf, planOf, readOptions } from "./support/tables.ts";

/** An IDX file of unsigned bytes. */
function idx(shape: readonly number[], values: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = 8;
  head[3] = shape.length;
  shape.forEach((length, index) => {
    head.writeUInt32BE(length, 4 + 4 * index);
  });
  return Buffer.concat([head, Buffer.from(values)]);
}
/** Ten images of 2 × 3 pixels; pixel 0 is always 0, the others count up. */
const images = idx(
  [10, 2, 3],
  Array.from({ length: 60 }, (_, index) => (index % 6 === 0 ? 0 : index * 4)),
);
const labels = idx([10], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);

describe("an IDX pair", () => {
  it.each([
    ["plain", images, labels],
    ["gzipped", gzipSync(images), gzipSync(labels)],
  ])("%s: a column a pixel and the label; pixels are divided by 255, constant ones kept", async (_, imageBytes, labelBytes) => {
    const options = readOptions();
    const reading = await readIdxPair(fileOf(imageBytes), fileOf(labelBytes), options);
    expect(reading).toMatchObject({ format: "idx", rowCount: 10, suggestedTarget: "label", suggestedTask: "classification", warnings: [] });
    const table = await openColumns(options.outputPath);
    expect(table.image).toEqual({ height: 2, width: 3, channels: 1 });
    const split = { kind: "rows", training: [0, 1, 2, 3, 4, 5, 6], validation: [7, 8, 9], test: [] } as const;
    const { plan, bytes } = planOf(table, "label", "classification", { split });
    expect(plan).toMatchObject({ inputs: 6, outputs: 3, classes: ["0", "1", "2"], leftOut: [] });
    const { tensors } = buildTensors(table, openPlan(bytes), 0);
    expect([...tensors.x.slice(6, 12)]).toEqual([0, 28, 32, 36, 40, 44].map((value) => expect.closeTo(value / 255, 6)));
    expect([...tensors.y]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  });

  it.each([
    ["labels too few", images, idx([9], Array(9).fill(1)), "unreadable_data", "labels"],
    ["images cut off", images.subarray(0, 50), labels, "unreadable_data", "images"],
    ["bytes left over", Buffer.concat([images, images]), labels, "unreadable_data", "images"],
    ["the files the wrong way round", labels, images, "unreadable_data", "images"],
    ["no IDX", Buffer.from("a,b\n1,2\n"), labels, "unsupported_format", "images"],
    ["floats", Buffer.concat([Buffer.from([0, 0, 13, 1, 0, 0, 0, 1]), Buffer.alloc(4)]), labels, "unsupported_format", "images"],
    ["gzip cut off", gzipSync(images).subarray(0, 20), labels, "unreadable_data", "file"],
    ["no images", idx([0, 2, 3], []), idx([0], []), "unreadable_data", "images"],
    ["sizes of an empty file", Buffer.alloc(0), labels, "unsupported_format", "images"],
  ])("%s", async (_, imageBytes, labelBytes, code, where) => {
    const options = readOptions();
    const error = await errorOf(() => readIdxPair(fileOf(imageBytes), fileOf(labelBytes), options));
    expect(error.code).toBe(code);
    expect(error.issues[0]?.where).toBe(where);
    expect(existsSync(options.outputPath)).toBe(false);
  });
});

const mnist = join(import.meta.dirname, "../../../../shared/data/mnist10k");
it.skipIf(!existsSync(mnist))("MNIST's test part: 10,000 images of 28 × 28 (skipped where ../shared/data isn't there)", async () => {
  const options = readOptions();
  await readIdxPair(join(mnist, "t10k-images-idx3-ubyte.gz"), join(mnist, "t10k-labels-idx1-ubyte.gz"), options);
  const table = await openColumns(options.outputPath);
  const { plan, bytes } = planOf(table, "label", "classification");
  expect(plan).toMatchObject({ inputs: 784, outputs: 10, trainingRows: 5600, validationRows: 2400, testRows: 2000 });
  expect(buildTensors(table, openPlan(bytes), 0).tensors.x.reduce((most, value) => Math.max(most, value), 0)).toBe(1);
});
