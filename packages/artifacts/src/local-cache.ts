/** A folder of artifacts that are also elsewhere: kept under a size by forgetting what was used longest ago. */
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ArtifactStore, ByteSource, Sha256 } from "@rightsize/core";
import { createFolderArtifacts, pathIn } from "./folder-artifacts.ts";

/** Somebody may just have been given the path of a file used this recently: it is never forgotten. */
const inUseMs = 10 * 60_000;

export interface LocalCache {
  readonly files: ArtifactStore;
  /** Stores bytes and makes room where that brought the cache over its size. */
  put(source: ByteSource, options?: { readonly maxBytes?: number }): Promise<{ readonly id: Sha256; readonly sizeBytes: number }>;
  /** Says that a file is being used now. */
  touch(id: Sha256): Promise<void>;
}

export function createLocalCache(options: { readonly folder: string; readonly maxBytes: number; readonly now?: () => number }): LocalCache {
  const { folder, maxBytes, now = Date.now } = options;
  const files = createFolderArtifacts({ folder });
  const touchedAt = new Map<Sha256, number>();
  let knownBytes: number | undefined;
  let evicting: Promise<void> | undefined;

  async function makeRoom(): Promise<void> {
    const found = await listFiles(folder);
    let total = found.reduce((sum, file) => sum + file.sizeBytes, 0);
    // Down to nine tenths, so that the next file doesn't start it again.
    for (const file of found.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= 0.9 * maxBytes || now() - file.usedAt < inUseMs) break;
      await rm(file.path, { force: true }).catch(() => {});
      touchedAt.delete(basename(file.path) as Sha256);
      total -= file.sizeBytes;
    }
    knownBytes = total;
  }

  return {
    files,
    async put(source, putOptions) {
      const stored = await files.put(source, putOptions);
      if (knownBytes !== undefined) knownBytes += stored.sizeBytes;
      if (knownBytes === undefined || knownBytes > maxBytes) {
        evicting ??= makeRoom().finally(() => {
          evicting = undefined;
        });
        await evicting;
      }
      return stored;
    },
    async touch(id) {
      // A changed time means that the file is checked again, so it is changed rarely.
      if (now() - (touchedAt.get(id) ?? 0) < inUseMs / 2) return;
      touchedAt.set(id, now());
      const seconds = now() / 1_000;
      await utimes(pathIn(folder, id), seconds, seconds).catch(() => {});
    },
  };
}

async function listFiles(folder: string): Promise<{ path: string; sizeBytes: number; usedAt: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name));
  const found = await Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      const about = await stat(path).catch(() => null);
      return about === null ? [] : [{ path, sizeBytes: about.size, usedAt: about.mtimeMs }];
    }),
  );
  return found.flat();
}
