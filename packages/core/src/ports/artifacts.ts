/** Bytes by SHA-256: written once, never changed, the same bytes twice are one artifact. */
import type { Sha256 } from "../ids.ts";

export type ByteSource = AsyncIterable<Uint8Array> | Uint8Array;

export interface ArtifactStore {
  /** Streams bytes in; nothing is visible until all of them are there (temp file, fsync, rename). Over `maxBytes` throws `too_large`. */
  put(source: ByteSource, options?: { readonly maxBytes?: number }): Promise<{ readonly id: Sha256; readonly sizeBytes: number }>;
  /** The bytes as a stream; throws `artifact_missing`. */
  stream(id: Sha256): Promise<AsyncIterable<Uint8Array>>;
  /** All bytes, checked against the hash: throws `artifact_missing` or `artifact_corrupt`. */
  read(id: Sha256): Promise<Uint8Array>;
  /** A local file that holds the bytes (fetched and checked first where they are elsewhere); read-only. */
  localPath(id: Sha256): Promise<string>;
  has(id: Sha256): Promise<boolean>;
  /** Deleting what isn't there is silent. */
  delete(id: Sha256): Promise<void>;
}
