/** What a fault is: something that is done to a service at work, after which its promises must still hold. */
import type { World } from "./world.ts";

/** Why a fault was not tried here, in a sentence. */
export class Skipped extends Error {
  override readonly name = "Skipped";
}

export interface Fault {
  /** F1 to F19. */
  readonly id: string;
  readonly title: string;
  /** How often it is done when nothing else is asked for. */
  readonly runs: number;
  /** The queue backends on which it makes sense; both when left out. */
  readonly queues?: readonly ("postgres" | "redis")[];
  /** Does it once; returns a sentence for each promise that was broken. `round` counts from 0. */
  run(world: World, round: number): Promise<readonly string[]>;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until it holds; what the condition throws counts as "not yet". False when the time is over. */
export async function holdsWithin(withinMs: number, condition: () => Promise<boolean> | boolean, everyMs = 20): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await Promise.resolve(condition()).catch(() => false)) return true;
    if (Date.now() > deadline) return false;
    await sleep(everyMs);
  }
}
