/** A new trial and, before anything is concluded from it, the repair of what hinders it. */
import type { Capacity } from "@rightsize/core";
import type { Script } from "../script.ts";
import type { TrialView } from "../trials.ts";
import { repair } from "./repair.ts";
import { type Search, startTrial, trialNumbered } from "./search.ts";

/** Starts a trial and repairs what hinders it. `why` ends the reason. */
export function* visit(search: Search, capacity: Capacity, fits: number, why: string): Script<TrialView> {
  const { number } = yield* startTrial(search, capacity, fits, why);
  yield* repair(search, number, fits, true);
  return trialNumbered(search, number);
}
