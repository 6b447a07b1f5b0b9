/** What a command is, and how its arguments are read. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import type { CliConfig } from "./config.ts";
import { usageError } from "./errors.ts";
import type { Interrupts } from "./launcher/interrupts.ts";
import type { Output } from "./output.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  /** What stands for the value in the help, for example `PORT`. */
  readonly value?: string;
  readonly help: string;
}

export interface Invocation {
  readonly config: CliConfig;
  readonly output: Output;
  readonly interrupts: Interrupts;
  readonly positionals: readonly string[];
  /** An option's text, or null where it wasn't given. */
  text(name: string): string | null;
  flag(name: string): boolean;
  /** An option as a whole number in a range, or `otherwise`; throws a usage error. */
  wholeNumber(name: string, least: number, most: number, otherwise: number): number;
  /** The argument at a place; throws a usage error that names what is missing. */
  required(place: number, what: string): string;
}

export interface Command {
  readonly name: string;
  /** Arguments as the help shows them, for example `FILE --target COLUMN`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Most arguments that are no options. */
  readonly positionals: number;
  run(invocation: Invocation): Promise<void>;
}

/** Options that every command has. */
const commonOptions: Readonly<Record<string, OptionSpec>> = {
  json: { type: "boolean", help: "the result as JSON" },
  help: { type: "boolean", help: "this text" },
};
/** Options of the commands that talk to a running service. */
export const clientOptions: Readonly<Record<string, OptionSpec>> = {
  url: { type: "string", value: "URL", help: "where the service is (RIGHTSIZE_URL; http://127.0.0.1:7421)" },
  key: { type: "string", value: "KEY", help: "the API key, where the service wants one (RIGHTSIZE_KEY)" },
};

export interface ParsedArguments {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** Reads a command's arguments; throws a usage error that says what is wrong with them. */
export function readArguments(command: Command, args: readonly string[]): ParsedArguments {
  const options: ParseArgsConfig["options"] = Object.fromEntries(
    Object.entries({ ...command.options, ...commonOptions }).map(([name, { type }]) => [name, { type }]),
  );
  let parsed: ParsedArguments;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as ParsedArguments;
  } catch (error) {
    throw usageError(error instanceof Error ? (error.message.split(". To specify")[0] ?? "") : String(error), command.name);
  }
  const extra = parsed.positionals[command.positionals];
  if (extra !== undefined) throw usageError(`There is no place for "${extra}".`, command.name);
  return parsed;
}

export function createInvocation(
  command: Command,
  { values, positionals }: ParsedArguments,
  surroundings: Pick<Invocation, "config" | "output" | "interrupts">,
): Invocation {
  const text = (name: string) => {
    const value = values[name];
    return typeof value === "string" ? value : null;
  };
  return {
    ...surroundings,
    positionals,
    text,
    flag: (name) => values[name] === true,
    wholeNumber(name, least, most, otherwise) {
      const given = text(name);
      if (given === null) return otherwise;
      const number = Number(given);
      if (/^\d+$/.test(given) && number >= least && number <= most) return number;
      throw usageError(`--${name} is "${given}": it takes a whole number from ${least} to ${most}.`, command.name);
    },
    required(place, what) {
      const value = positionals[place];
      if (value === undefined) throw usageError(`${what} is missing.`, command.name);
      return value;
    },
  };
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions });
  const names = options.map(([name, { value }]) => `--${name}${value === undefined ? "" : ` ${value}`}`);
  const width = Math.max(...names.map((name) => name.length));
  const lines = options.map(([, { help }], index) => `  ${(names[index] ?? "").padEnd(width)}  ${help}`);
  return [`rightsize ${command.name} ${command.usage}`.trimEnd(), "", command.summary, "", ...lines].join("\n");
}
