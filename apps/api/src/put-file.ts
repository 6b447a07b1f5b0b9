/** Local files into the artifact store, without writing again what is there already. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ArtifactStore, Sha256 } from "@rightsize/core";

/** The hash of a file's bytes, or of several files' one after another. */
export async function hashFile(...filePaths: readonly string[]): Promise<Sha256> {
  const hash = createHash("sha256");
  for await (const chunk of bytesOf(filePaths)) hash.update(chunk);
  return hash.digest("hex") as Sha256;
}

/** Stores the bytes of one file, or of several one after another, under their hash; returns whether they are new. */
export async function putFile(artifacts: ArtifactStore, filePath: string | readonly string[], hash: Sha256): Promise<boolean> {
  if (await artifacts.has(hash)) return false;
  await artifacts.put(bytesOf(typeof filePath === "string" ? [filePath] : filePath));
  return true;
}

async function* bytesOf(filePaths: readonly string[]): AsyncIterable<Uint8Array> {
  for (const filePath of filePaths) yield* createReadStream(filePath) as AsyncIterable<Buffer>;
}
