/** A file that a command is to write: never over one that is there, unless told to. */
import { existsSync } from "node:fs";
import path from "node:path";
import { CliError, exitCodes } from "../errors.ts";

/** The whole path of a file that may be written. Throws a usage error where something is there and `force` doesn't say to replace it. */
export function wantedFile(file: string, force: boolean): string {
  const whole = path.resolve(file);
  if (existsSync(whole) && !force) throw new CliError(`${whole} is there already; --force replaces it.`, exitCodes.usage);
  return whole;
}
