/** Ctrl-C, SIGTERM and SIGHUP: the first asks to stop, a second one a moment later stops at once. */
import { Interrupted } from "../errors.ts";

/** npm passes Ctrl-C on to a process that had it from the terminal already: signals this close together are one. */
const sameSignalMs = 500;

export interface Interrupts {
  /** Aborted, with an Interrupted as its reason, by the first signal. */
  readonly signal: AbortSignal;
  /** Called once by the second signal. */
  onSecond(listener: () => void): void;
  dispose(): void;
}

export function listenForInterrupts(now: () => number = () => performance.now()): Interrupts {
  const controller = new AbortController();
  const listeners: (() => void)[] = [];
  let first: number | null = null;
  const handle = (name: NodeJS.Signals) => {
    if (first === null) {
      first = now();
      controller.abort(new Interrupted(name));
    } else if (now() - first > sameSignalMs) {
      for (const listener of listeners.splice(0)) listener();
    }
  };
  const names: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) process.on(name, handle);
  return {
    signal: controller.signal,
    onSecond: (listener) => listeners.push(listener),
    dispose: () => {
      for (const name of names) process.off(name, handle);
    },
  };
}
