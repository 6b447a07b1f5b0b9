/** Saves an experiment's model as a zip file: never over a file that is there unless told to, and checked against the hash that the service names. */
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "@rightsize/client";
import { CliError } from "../errors.ts";
import { notWritten, placeFile } from "./place-file.ts";

export interface SavedModel {
  /** The whole path. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The first of NAME-model.zip, NAME-model-2.zip, … in this folder that isn't there yet, for a table's file. */
export function freeModelFile(table: string): string {
  // cars.csv.gz is called cars.
  const name = path.basename(table).replace(/(?!^)(\.\w+){1,2}$/, "");
  for (let count = 1; ; count++) {
    const file = path.resolve(`${name}-model${count === 1 ? "" : `-${count}`}.zip`);
    if (!existsSync(file)) return file;
  }
}

/** Throws where the model arrives damaged, and where a file came to be there meanwhile that may not be replaced. */
export async function saveModel(client: Client, id: string, file: string, replace: boolean): Promise<SavedModel> {
  const { bytes, sha256 } = await client.model(id);
  const elsewhere = `rightsize export ${id} --out FILE saves the model elsewhere`;
  return placeFile({ file, replace, elsewhere }, async (part) => {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    const measured = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
        yield chunk;
      }
    };
    await pipeline(Readable.fromWeb(bytes), measured, createWriteStream(part)).catch((error: unknown) => {
      throw notWritten(file, error);
    });
    const received = hash.digest("hex");
    if (sha256 !== null && received !== sha256)
      throw new CliError("The model arrived damaged: its hash is another than the service says. Try again.");
    return { file, sizeBytes, sha256: received };
  });
}

/** For example `/home/me/cars-model.zip (212 kB). Its README.md says how to predict with it.` */
export function savedSentence({ file, sizeBytes }: SavedModel): string {
  return `${file} (${Math.ceil(sizeBytes / 1024)} kB). Its README.md says how to predict with it.`;
}
