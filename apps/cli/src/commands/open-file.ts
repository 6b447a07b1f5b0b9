/** A file that a command sends: its bytes are read as they go. */
import { constants, openAsBlob } from "node:fs";
import { access } from "node:fs/promises";
import { CliError, exitCodes } from "../errors.ts";

/** Throws a usage error where it can't be read. */
export async function openFile(file: string, type = ""): Promise<Blob> {
  try {
    // Says why it can't be read, which opening as a Blob doesn't.
    await access(file, constants.R_OK);
    return await openAsBlob(file, { type });
  } catch (error) {
    throw new CliError(`${file} can't be read: ${error instanceof Error ? error.message : error}`, exitCodes.usage, { cause: error });
  }
}
