/** What an upload sends: one table, or images and labels told apart. */
import { describe, expect, it } from "vitest";
import { uploadForm } from "../src/upload-form.ts";

const file = (name: string, size: number) => new File([new Uint8Array(size)], name);
const sent = (...files: File[]) => [...uploadForm(files)].map(([field, value]) => `${field} ${(value as File).name}`);

describe("an upload", () => {
  it("is one file, or two whose names say which holds labels, in any order", () => {
    expect(sent(file("wages.csv", 9))).toEqual(["file wages.csv"]);
    const [images, labels] = [file("t10k-images-idx3-ubyte.gz", 90), file("t10k-labels-idx1-ubyte.gz", 9)];
    expect(sent(images, labels)).toEqual(["images t10k-images-idx3-ubyte.gz", "labels t10k-labels-idx1-ubyte.gz"]);
    expect(sent(labels, images)).toEqual(sent(images, labels));
  });
  it("takes the smaller file for the labels where no name tells", () => {
    expect(sent(file("a.idx", 3), file("b.idx", 30))).toEqual(["images b.idx", "labels a.idx"]);
  });
});
