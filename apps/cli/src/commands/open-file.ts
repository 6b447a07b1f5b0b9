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
    throw unreadable(file, error);
  }
}

/** The usage error for a file that can't be read, in words for the two usual reasons. */
export function unreadable(name: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const message = error instanceof Error ? error.message : String(error);
  const why = code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "this user may not read it" : message;
  return new CliError(`${name} can't be read: ${why}.`, exitCodes.usage, { cause: error });
}
