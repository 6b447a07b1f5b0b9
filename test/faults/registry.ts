/** All faults in order; those that are not there yet say so. */

import { f01 } from "./f01-worker-killed.ts";
import { f02 } from "./f02-supervisor-killed.ts";
import { f03 } from "./f03-zombie.ts";
import { f04 } from "./f04-checkpoint-torn.ts";
import { f05 } from "./f05-killed-after-commit.ts";
import { f06 } from "./f06-crashes-every-time.ts";
import { f07 } from "./f07-queue-emptied.ts";
import { f08 } from "./f08-redis-gone.ts";
import { f09 } from "./f09-redis-full.ts";
import { f10 } from "./f10-postgres-restarts.ts";
import { f11 } from "./f11-lost-acknowledgement.ts";
import { f12 } from "./f12-api-killed.ts";
import { f13 } from "./f13-two-orchestrators.ts";
import { f14 } from "./f14-messages-thrice.ts";
import { f15 } from "./f15-broken-line.ts";
import { f16 } from "./f16-clock-off.ts";
import { f17 } from "./f17-disk-full.ts";
import { f18 } from "./f18-speculation.ts";
import { f19 } from "./f19-new-policy.ts";
import type { Fault } from "./fault.ts";

export const faults: readonly Fault[] = [f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19];

/** Faults that can't be tried, each with the reason. */
export const notBuilt: Readonly<Record<string, string>> = {};
