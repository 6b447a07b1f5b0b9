/** Where results go: standard output, as text for people or as JSON for programs. What is said on the way goes to standard error. */
import type { TerminalStream } from "./watch/terminal-region.ts";

export interface Output {
  /** The result is wanted as JSON. */
  readonly json: boolean;
  /** The terminal that can be drawn on; null in a pipe, and with JSON. */
  readonly terminal: TerminalStream | null;
  line(text: string): void;
  lines(texts: readonly string[]): void;
  /** A remark that is no part of the result. */
  say(text: string): void;
}

export function createOutput(options: { readonly json: boolean }): Output {
  const line = (text: string) => void process.stdout.write(`${text}\n`);
  return {
    json: options.json,
    terminal: process.stdout.isTTY && !options.json ? process.stdout : null,
    line,
    lines: (texts) => {
      for (const text of texts) line(text);
    },
    say: (text) => void process.stderr.write(`${text}\n`),
  };
}
