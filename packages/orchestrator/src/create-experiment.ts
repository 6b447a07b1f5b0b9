/** A new experiment: written with its first decision, trial, runs, assignment and outbox row in one transaction. */
import type { Admission, Experiment, ExperimentPlan, ExperimentSpec, IdSource, NewExperiment, OwnerId, Store } from "@rightsize/core";
import { policyVersion } from "@rightsize/policy";
import { planAdvance } from "./advance.ts";

export interface ExperimentCreation {
  readonly owner: OwnerId;
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly idempotency: NewExperiment["idempotency"];
  readonly admission?: Admission;
}

/** Creates an experiment; with an idempotency key that was used before for the same request, returns the first one (`created` false). */
export function createExperiment(
  deps: { readonly store: Store; readonly ids: IdSource },
  creation: ExperimentCreation,
): Promise<{ readonly experiment: Experiment; readonly created: boolean }> {
  const experiment: NewExperiment = {
    ...creation,
    id: deps.ids("experiment"),
    policyVersion: policyVersion(creation.spec.search.preset),
  };
  return deps.store.experiments.create(experiment, (snapshot) => planAdvance(snapshot, deps.ids));
}
