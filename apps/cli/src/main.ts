/** The `rightsize` command: finds the command, runs it, and turns what went wrong into a message and an exit code. */
import { ClientError, ServiceUnreachable } from "@rightsize/client";
import { type Command, commandHelp, createInvocation, readArguments } from "./command.ts";
import { commandGroups, commands } from "./commands/index.ts";
import { readConfig } from "./config.ts";
import { CliError, exitCodes, Interrupted, usageError } from "./errors.ts";
import { listenForInterrupts } from "./launcher/interrupts.ts";
import { createOutput } from "./output.ts";

/** Runs one command line; resolves with the exit code, never rejects. */
async function main(args: readonly string[]): Promise<number> {
  const interrupts = listenForInterrupts();
  // What is running then is ended by the handlers of `exit`.
  interrupts.onSecond(() => process.exit(exitCodes.interrupted));
  try {
    const [name, ...rest] = args;
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      process.stdout.write(`${helpText()}\n`);
      return name === undefined ? exitCodes.usage : exitCodes.done;
    }
    const command = findCommand(name);
    const parsed = readArguments(command, rest);
    if (parsed.values.help === true) {
      process.stdout.write(`${commandHelp(command)}\n`);
      return exitCodes.done;
    }
    const output = createOutput({ json: parsed.values.json === true });
    await command.run(createInvocation(command, parsed, { config: readConfig(), output, interrupts }));
    return exitCodes.done;
  } catch (error) {
    return explain(error);
  } finally {
    interrupts.dispose();
  }
}

function findCommand(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw usageError(`There is no command "${name}". There are: ${commands.map((each) => each.name).join(", ")}.`);
  return command;
}

function helpText(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Rightsize finds the right size for a neural network.",
    ...commandGroups.flatMap(({ title, commands: group }) => [
      "",
      `${title}:`,
      ...group.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    ]),
    "",
    "For example:",
    "  npm start                                                in one terminal, and in another:",
    "  npm run rightsize -- run cars.csv --target mpg           the table fills; the model is saved as cars-model.zip",
    "  npm run rightsize -- run --help                          the arguments and options of a command",
    "",
    "Each command has --help and --json. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no service there, 130 interrupted.",
  ].join("\n");
}

function explain(error: unknown): number {
  if (error instanceof Interrupted) return exitCodes.interrupted;
  if (error instanceof ServiceUnreachable) {
    process.stderr.write(`${error.message}\nStart one with npm start, or name another address with --url.\n`);
    return exitCodes.unreachable;
  }
  if (error instanceof ClientError) {
    process.stderr.write(`${error.message}\n`);
    return exitCodes.failed;
  }
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  // Errors that name what is wrong (the store's, the system's) are told without a stack; anything else is our mistake and shows it.
  const known = error instanceof Error && ("code" in error || error.name === "RightsizeError");
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  return exitCodes.failed;
}

// A pipe that was closed at the other end (| head) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
// Ends at once: connections kept open for reuse would hold the process for seconds.
main(process.argv.slice(2)).then((code) => process.stdout.write("", () => process.exit(code)));
