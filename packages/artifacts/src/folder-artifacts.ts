/** Artifacts as files in one folder: `<folder>/ab/cd/abcd…`. A file under its name is whole: written aside, synced, then renamed. */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ArtifactStore, type ByteSource, RightsizeError, type Sha256 } from "@rightsize/core";
import { chunksOf, errorCode, sha256Of } from "./bytes.ts";
import { corrupt, missing, mustBeSha256, tooLarge } from "./errors.ts";

/** Where the bytes of an artifact lie. */
export function pathIn(folder: string, id: Sha256): string {
  return join(folder, id.slice(0, 2), id.slice(2, 4), id);
}
/** Unfinished files: on the same file system as the finished ones, so that renaming is one step. */
const asideFolder = "incoming";
/** An unfinished file this old has lost its writer. */
const abandonedAfterMs = 24 * 3_600_000;

/** Opens the folder (made where it is missing); files that a dead writer left behind a day ago are removed. */
export function createFolderArtifacts(options: { readonly folder: string }): ArtifactStore {
  const { folder } = options;
  const aside = join(folder, asideFolder);
  let opening: Promise<void> | undefined;

  function opened(): Promise<void> {
    opening ??= mkdir(aside, { recursive: true })
      .then(() => removeAbandoned(aside))
      .catch((error: unknown) => {
        opening = undefined;
        throw unavailable(error);
      });
    return opening;
  }

  async function exists(id: Sha256): Promise<boolean> {
    try {
      return (await stat(pathIn(folder, id))).isFile();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return false;
      throw unavailable(error);
    }
  }

  async function put(source: ByteSource, { maxBytes = Number.POSITIVE_INFINITY } = {}): Promise<{ id: Sha256; sizeBytes: number }> {
    await opened();
    const draft = join(aside, randomBytes(16).toString("hex"));
    const hash = createHash("sha256");
    let sizeBytes = 0;
    let file: FileHandle | undefined;
    try {
      file = await onDisk(openDraft(draft));
      for await (const chunk of chunksOf(source)) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
        hash.update(chunk);
        await onDisk(writeAll(file, chunk));
      }
      const id = hash.digest("hex") as Sha256;
      await onDisk(file.sync());
      await onDisk(file.close());
      file = undefined;
      await onDisk(settle(draft, id));
      return { id, sizeBytes };
    } catch (error) {
      await file?.close().catch(() => {});
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** Renames a whole file to its place. A file already there may be torn by a broken disk: it is replaced by the good one all the same. */
  async function settle(draft: string, id: Sha256): Promise<void> {
    const path = pathIn(folder, id);
    await mkdir(dirname(path), { recursive: true });
    try {
      await rename(draft, path);
    } catch (error) {
      // Windows refuses to replace a file that somebody reads; the one there holds the same bytes.
      if (!["EPERM", "EACCES", "EBUSY"].includes(errorCode(error) ?? "") || !(await exists(id))) throw error;
      await rm(draft, { force: true });
    }
    await syncFolder(dirname(path));
  }

  /** Files that this process has checked, by size and time of change: a local path is handed out only for whole files. */
  const checkedFiles = new Map<Sha256, string>();

  async function checkedPath(id: Sha256): Promise<string> {
    const path = pathIn(folder, id);
    try {
      const { size, mtimeMs } = await stat(path);
      const state = `${size} bytes at ${mtimeMs}`;
      if (checkedFiles.get(id) !== state) {
        for await (const _ of checked(createReadStream(path), id));
        if (checkedFiles.size > 10_000) checkedFiles.clear();
        checkedFiles.set(id, state);
      }
      return path;
    } catch (error) {
      throw asReadError(error, id);
    }
  }

  async function read(id: Sha256): Promise<Uint8Array> {
    mustBeSha256(id);
    try {
      const bytes = await readFile(pathIn(folder, id));
      const actual = sha256Of(bytes);
      if (actual !== id) throw corrupt(id, actual);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    } catch (error) {
      throw asReadError(error, id);
    }
  }

  return {
    put,
    read,
    async stream(id) {
      mustBeSha256(id);
      if (!(await exists(id))) throw missing(id);
      return checked(createReadStream(pathIn(folder, id)), id);
    },
    async localPath(id) {
      mustBeSha256(id);
      return checkedPath(id);
    },
    async has(id) {
      mustBeSha256(id);
      return exists(id);
    },
    async delete(id) {
      mustBeSha256(id);
      try {
        await rm(pathIn(folder, id), { force: true });
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

/** Passes the chunks on and throws `artifact_corrupt` at the end when they were not what the name promised. */
async function* checked(chunks: AsyncIterable<Uint8Array>, id: Sha256): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw asReadError(error, id);
  }
  const actual = hash.digest("hex");
  if (actual !== id) throw corrupt(id, actual);
}

async function openDraft(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o644);
  } catch (error) {
    // The folder may have been emptied under us.
    if (errorCode(error) !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, "wx", 0o644);
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) done += (await file.write(chunk, done)).bytesWritten;
}

/** Makes a rename last through a power cut; file systems that can't sync a folder are let be. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

async function removeAbandoned(aside: string): Promise<void> {
  for (const name of await readdir(aside)) {
    const path = join(aside, name);
    const age = Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > abandonedAfterMs) await rm(path, { force: true }).catch(() => {});
  }
}

/** A full or failing disk is `unavailable`: the caller may try again. */
async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unavailable(error);
  }
}
function asReadError(error: unknown, id: Sha256): unknown {
  if (error instanceof RightsizeError) return error;
  return errorCode(error) === "ENOENT" ? missing(id) : unavailable(error);
}
function unavailable(error: unknown): RightsizeError {
  const what = error instanceof Error ? error.message : String(error);
  return new RightsizeError("unavailable", `The artifact folder can't be used: ${what}`, { cause: error });
}
