/** Errors of the command line: what a person reads, and the exit code that programs read. */

/** 0 done; 1 the service or the experiment failed; 2 wrong usage; 3 the service can't be reached; 130 interrupted. */
export const exitCodes = { done: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

/** An error that is shown as its message alone, without a stack. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.failed, options: { cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Wrong arguments; `help` is the command whose usage to look at. */
export function usageError(message: string, help?: string): CliError {
  const command = help === undefined ? "rightsize --help" : `rightsize ${help} --help`;
  return new CliError(`${message}\nSee: npm run ${command.replace(" ", " -- ")}`, exitCodes.usage);
}

/** Thrown through everything when the user asked to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  /** SIGINT, SIGTERM or SIGHUP. */
  readonly signal: string;
  constructor(signal: string) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}
