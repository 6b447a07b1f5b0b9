/** Lets many watchers wait for the next news without asking for it. */
export class News {
  readonly #waiting = new Set<() => void>();

  /** Wakes everybody who waits now. */
  tell(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next `tell`, or when the watcher goes. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }
}
