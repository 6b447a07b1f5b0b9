/** A file that a command is to write: never over one that is there, unless told to. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { CliError, exitCodes } from "../errors.ts";
import { notWritten, type Place, placeFile } from "./place-file.ts";

/** The whole path of a file that may be written. Throws a usage error where something is there and `force` doesn't say to replace it. */
export function wantedFile(file: string, force: boolean): string {
  const whole = path.resolve(file);
  if (existsSync(whole) && !force) throw new CliError(`${whole} is there already; --force replaces it.`, exitCodes.usage);
  return whole;
}

/** Writes a text under a name; where a file came to be there meanwhile that may not be replaced it throws, and leaves that one. */
export async function writeText(place: Place, text: string): Promise<void> {
  await placeFile(place, (part) =>
    writeFile(part, text).catch((error: unknown) => {
      throw notWritten(place.file, error);
    }),
  );
}
