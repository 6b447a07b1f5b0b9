/** Whether the service can do its work, and what is wrong where it can't. */
import type { Readiness } from "@rightsize/contract";
import { asRightsizeError, type Store } from "@rightsize/core";
import { knowsPolicy } from "@rightsize/orchestrator";
import type { ApiDependencies } from "./dependencies.ts";

const answerWithinMs = 3000;

/** Asks every part at once; a part that doesn't answer in time counts as failed. No live worker, or a policy that only another version knows, is said, but is no failure of the API's. */
export async function checkReadiness(deps: Pick<ApiDependencies, "store" | "queue">): Promise<Readiness> {
  const { queue, store } = deps;
  const checks = await Promise.all([
    check("database", () => store.check(), "reachable"),
    ...(queue === null ? [] : [check("queue", () => queue.check(), "reachable")]),
    check("workers", async () => {
      const live = (await store.workers.list()).filter((worker) => worker.live).length;
      return live === 0 ? "none is live: experiments wait until one is started" : `${live} live`;
    }),
    check("searches", () => unknownSearches(store)),
  ]);
  return { ready: checks.every(({ ok }) => ok), checks };
}

/** Most experiments looked at: nearly always there are none that wait. */
const mostLookedAt = 100;

/** Experiments that wait for a service of another version: left alone here, and said, since nobody else may notice. */
async function unknownSearches(store: Store): Promise<string> {
  const waiting = await store.experiments.idle(mostLookedAt);
  const experiments = await Promise.all(waiting.map((id) => store.experiments.find(null, id)));
  const unknown = experiments.flatMap((found) => (found === null || knowsPolicy(found) ? [] : [found.policyVersion]));
  if (unknown.length === 0) return "all known";
  return `${unknown.length} experiments wait for a service that knows their policy: ${[...new Set(unknown)].sort().join(", ")}`;
}

async function check(name: string, ask: () => Promise<unknown>, fine = "") {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerWithinMs / 1000} s`)), answerWithinMs);
  });
  try {
    const said = await Promise.race([ask(), late]);
    return { name, ok: true, detail: typeof said === "string" ? said : fine };
  } catch (error) {
    const known = asRightsizeError(error);
    // What drivers say may hold addresses and user names; our own sentences don't.
    return { name, ok: false, detail: known.code === "internal" ? "it can't be used; the service's log has the details" : known.message };
  } finally {
    clearTimeout(timer);
  }
}
