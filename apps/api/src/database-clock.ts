/** The database's clock as this process knows it: what is measured against records' times must not depend on this machine's clock. */
import type { Store } from "@rightsize/core";

export interface DatabaseClock {
  /** Milliseconds since 1970; null until the database was asked for the first time. Never waits. */
  now(): number | null;
}

/** How long an answer is good for: clocks drift slowly. */
const askEveryMs = 60_000;

/** `steadyNow` is a clock in milliseconds that never jumps, whatever it counts from. */
export function createDatabaseClock(store: Pick<Store, "clock">, steadyNow: () => number = () => performance.now()): DatabaseClock {
  let aheadMs: number | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<void> {
    const before = steadyNow();
    askedAt = before;
    const there = await store.clock();
    // It was read about half way between question and answer.
    aheadMs = there - (before + steadyNow()) / 2;
  }
  return {
    now() {
      if (steadyNow() - askedAt > askEveryMs) ask().catch(() => {});
      return aheadMs === null ? null : steadyNow() + aheadMs;
    },
  };
}
