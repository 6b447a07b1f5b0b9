/** Local files into the artifact store, without writing again what is there already. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ArtifactStore, Sha256 } from "@rightsize/core";

export async function hashFile(filePath: string): Promise<Sha256> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(filePath)) hash.update(chunk as Buffer);
  return hash.digest("hex") as Sha256;
}

/** Stores a file's bytes under their hash; returns whether they are new. */
export async function putFile(artifacts: ArtifactStore, filePath: string, hash: Sha256): Promise<boolean> {
  if (await artifacts.has(hash)) return false;
  await artifacts.put(createReadStream(filePath));
  return true;
}
