/** What every artifact store promises: one suite over a folder and over HTTP through the API. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ArtifactStore, Sha256 } from "@rightsize/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

export interface ArtifactsUnderTest {
  readonly store: ArtifactStore;
  /** The file that holds the bytes at their source, whether or not it exists. */
  fileOf(id: Sha256): string;
  /** Files that hold bytes or unfinished bytes at their source. */
  files(): Promise<readonly string[]>;
  /** Changes the stored bytes behind the store's back, everywhere they are kept. */
  overwrite(id: Sha256, bytes: Uint8Array): Promise<void>;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
export function hashOf(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex") as Sha256;
}
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
/** Bytes without a pattern, the same for the same seed. */
export function noise(sizeBytes: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed;
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

export function artifactsContract(kind: string, subject: () => ArtifactsUnderTest): void {
  const store = (): ArtifactStore => subject().store;
  const unknown = "0".repeat(64) as Sha256;

  describe(`an artifact store (${kind})`, () => {
    test("names bytes by their SHA-256 and gives back the same ones: whole, as a stream, and as a file", async () => {
      const bytes = bytesOf("the weights of a network");
      const { id, sizeBytes } = await store().put(bytes);
      expect({ id, sizeBytes }).toEqual({ id: hashOf(bytes), sizeBytes: bytes.byteLength });
      expect(await store().read(id)).toEqual(bytes);
      expect(await collect(await store().stream(id))).toEqual(bytes);
      expect(new Uint8Array(await readFile(await store().localPath(id)))).toEqual(bytes);
      expect(await store().has(id)).toBe(true);
    });

    test("keeps any bytes, cut into any chunks (an example: none at all)", async () => {
      expect(await store().read((await store().put(new Uint8Array(0))).id)).toEqual(new Uint8Array(0));
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), fc.integer({ min: 1, max: 999 }), async (bytes, chunkBytes) => {
          const { id } = await store().put(inChunks(bytes, chunkBytes));
          expect(id).toBe(hashOf(bytes));
          expect(await store().read(id)).toEqual(bytes);
        }),
        { numRuns: 25 },
      );
    });

    test("streams more than fits a socket's buffer", async () => {
      const bytes = noise(5_000_000);
      const { id, sizeBytes } = await store().put(inChunks(bytes, 60_000));
      expect({ id, sizeBytes }).toEqual({ id: hashOf(bytes), sizeBytes: 5_000_000 });
      expect(hashOf(await collect(await store().stream(id)))).toBe(id);
    });

    test("says `artifact_missing` for what isn't there; deleting it is silent", async () => {
      await expect(store().read(unknown)).rejects.toMatchObject({ code: "artifact_missing" });
      await expect(store().stream(unknown)).rejects.toMatchObject({ code: "artifact_missing" });
      await expect(store().localPath(unknown)).rejects.toMatchObject({ code: "artifact_missing" });
      expect(await store().has(unknown)).toBe(false);
      await store().delete(unknown);
    });

    test("forgets what is deleted", async () => {
      const { id } = await store().put(bytesOf("an old checkpoint"));
      await store().delete(id);
      expect(await store().has(id)).toBe(false);
      await expect(store().read(id)).rejects.toMatchObject({ code: "artifact_missing" });
      await store().put(bytesOf("an old checkpoint"));
      expect(await store().has(id)).toBe(true);
    });

    test("refuses names that are not a SHA-256: none reaches the file system", async () => {
      for (const name of ["../../etc/passwd", "", "A".repeat(64), "0".repeat(63), `${"0".repeat(62)}/.`]) {
        await expect(store().read(name as Sha256)).rejects.toMatchObject({ code: "invalid_request" });
        await expect(store().has(name as Sha256)).rejects.toMatchObject({ code: "invalid_request" });
        await expect(store().delete(name as Sha256)).rejects.toMatchObject({ code: "invalid_request" });
      }
    });

    test("takes exactly `maxBytes` and refuses one byte more, leaving nothing behind", async () => {
      const bytes = noise(10_000, 7);
      await store().put(inChunks(bytes, 999), { maxBytes: 10_000 });
      const before = await subject().files();
      const other = noise(10_001, 8);
      await expect(store().put(inChunks(other, 999), { maxBytes: 10_000 })).rejects.toMatchObject({ code: "too_large" });
      await expect(store().put(other, { maxBytes: 10_000 })).rejects.toMatchObject({ code: "too_large" });
      expect(await subject().files()).toEqual(before);
      expect(await store().has(hashOf(other))).toBe(false);
    });

    test("keeps nothing of a source that breaks off half-way, and passes its error on", async () => {
      const before = await subject().files();
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield noise(70_000, 3);
        throw new Error("the client hung up");
      }
      await expect(store().put(broken())).rejects.toThrow("the client hung up");
      expect(await subject().files()).toEqual(before);
    });

    test("is unharmed by twenty writers of the same bytes at once, read meanwhile", async () => {
      const bytes = noise(300_000, 20);
      const id = hashOf(bytes);
      let reads = 0;
      let isWriting = true;
      const reader = (async () => {
        while (isWriting) {
          if (await store().has(id)) {
            expect(hashOf(await store().read(id))).toBe(id);
            reads += 1;
          }
        }
      })();
      const written = await Promise.all(Array.from({ length: 20 }, (_, writer) => store().put(inChunks(bytes, 1_000 + 977 * writer))));
      isWriting = false;
      await reader;
      expect(new Set(written.map((artifact) => artifact.id))).toEqual(new Set([id]));
      expect(reads).toBeGreaterThan(0);
      expect((await subject().files()).filter((file) => file.includes(id))).toHaveLength(1);
    });

    test.each([
      ["a torn file", (bytes: Uint8Array) => bytes.subarray(0, 4_000)],
      ["an empty file", () => new Uint8Array(0)],
      ["one flipped bit", (bytes: Uint8Array) => bytes.map((byte, at) => (at === 5_000 ? byte ^ 1 : byte))],
      ["bytes too many", (bytes: Uint8Array) => new Uint8Array([...bytes, 0])],
    ])("never gives out %s: `artifact_corrupt`, until the bytes are put again", async (_, damage) => {
      const bytes = noise(10_000, 33);
      const { id } = await store().put(bytes);
      await subject().overwrite(id, damage(bytes));
      await expect(store().read(id)).rejects.toMatchObject({ code: "artifact_corrupt" });
      await expect(store().localPath(id)).rejects.toMatchObject({ code: "artifact_corrupt" });
      await expect(store().stream(id).then(collect)).rejects.toMatchObject({ code: "artifact_corrupt" });
      await store().delete(id);
      await store().put(bytes);
      expect(await store().read(id)).toEqual(bytes);
    });
  });
}
