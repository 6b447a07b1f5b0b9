/** Reading an experiment on behalf of a request: what isn't there, or is another's, is the same 404. */
import type { ExperimentId, ExperimentSnapshot, OwnerId, Store } from "@rightsize/core";
import { notFound } from "./problems.ts";

export async function ownSnapshot(store: Store, owner: OwnerId, id: ExperimentId): Promise<ExperimentSnapshot> {
  const snapshot = await store.experiments.snapshot(id);
  if (snapshot === null || snapshot.experiment.owner !== owner) throw notFound("experiment", id);
  return snapshot;
}
