/** All faults in order; those that are not there yet say so. */

import { f01 } from "./f01-worker-killed.ts";
import { f02 } from "./f02-supervisor-killed.ts";
import { f03 } from "./f03-zombie.ts";
import { f04 } from "./f04-checkpoint-torn.ts";
import { f05 } from "./f05-killed-after-commit.ts";
import { f06 } from "./f06-crashes-every-time.ts";
import { f07 } from "./f07-queue-emptied.ts";
import type { Fault } from "./fault.ts";

export const faults: readonly Fault[] = [f01, f02, f03, f04, f05, f06, f07];

/** Faults that can't be tried, each with the reason. */
export const notBuilt: Readonly<Record<string, string>> = { F18: "not built: no run is started speculatively yet" };
