/** A run that was trained before, by the same owner on the same engine, is not trained again: its result and curve are copied. */
import type { Claim, RunId, Store } from "@rightsize/core";
import type { AttemptWriter } from "./attempt-writer.ts";

/** Longest curve copied, in epochs: the most a recipe may ask for. */
const longestCurve = 100_000;

/** Commits a copy for each run of the claim that has a donor; returns the runs that need no training any more. */
export async function reuseResults(store: Store, claim: Claim, writer: AttemptWriter): Promise<ReadonlySet<RunId>> {
  const reused = new Set<RunId>();
  for (const { runId, donor } of claim.donors) {
    if ((donor.state !== "COMPLETED" && donor.state !== "DIVERGED") || donor.result === null) continue;
    const curve = await store.work.epochs(donor.id, 0, longestCurve);
    writer.epochs(curve.map((epoch) => ({ ...epoch, runId })));
    await writer.result(runId, { state: donor.state, result: donor.result, reusedFrom: donor.id });
    reused.add(runId);
  }
  return reused;
}
