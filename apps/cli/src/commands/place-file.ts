/** A file that appears whole or not at all, and never in the place of another unless that was asked for. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { link, realpath, rename, rm, stat } from "node:fs/promises";
import { CliError } from "../errors.ts";

export interface Place {
  readonly file: string;
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
  /** What to do where a file came to be there meanwhile, for example `rightsize export exp_1 --out FILE saves the model elsewhere`. */
  readonly elsewhere: string;
}

/**
 * Lets `write` write a file beside it, which then gets the name: a broken download leaves nothing under it. A file that came to be there
 * meanwhile (an experiment takes hours) is kept unless `replace`: then this throws. A pipe or a device is written to as it is.
 */
export async function placeFile<Result>({ file, replace, elsewhere }: Place, write: (part: string) => Promise<Result>): Promise<Result> {
  const there = replace ? await stat(file).catch(() => null) : null;
  if (there !== null && !there.isFile() && !there.isDirectory()) return write(file);
  const part = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    const result = await write(part);
    if (replace) await rename(part, await realpath(file).catch(() => file));
    else if (!(await placed(part, file))) throw new CliError(`${file} is there by now and was left as it is: ${elsewhere}.`);
    return result;
  } finally {
    await rm(part, { force: true });
  }
}

/** Gives a whole file its name; false where another has it. */
async function placed(part: string, file: string): Promise<boolean> {
  try {
    // Unlike a rename, a link never takes another file's place.
    await link(part, file);
  } catch {
    // Not every file system has links.
    if (existsSync(file)) return false;
    await rename(part, file);
  }
  return true;
}

/** For `createWriteStream` and `writeFile` of a part: says which file it was that can't be written. */
export function notWritten(file: string, error: unknown): CliError {
  return new CliError(`${file} can't be written: ${error instanceof Error ? error.message : error}`);
}
