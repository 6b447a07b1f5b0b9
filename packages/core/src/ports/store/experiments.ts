/** The store of experiments: created once for a key, advanced under their lock, read without it. */
import type { ExperimentSpec } from "../../experiment-spec.ts";
import type { ExperimentId, OwnerId, Sha256 } from "../../ids.ts";
import type { ExperimentState } from "../../lifecycle.ts";
import type { Experiment, ExperimentEvent, ExperimentPlan, Trial } from "../../records.ts";
import type { Advance, AdvancePlan } from "./advance-plan.ts";
import type { Page, PageRequest, Removed } from "./pages.ts";
import type { ExperimentSnapshot, Moment } from "./snapshot.ts";

export interface NewExperiment {
  readonly id: ExperimentId;
  readonly owner: OwnerId;
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly policyVersion: string;
  /** With a key: the same (owner, key, requestHash) returns the first experiment; the same key with another hash throws `idempotency_conflict`. */
  readonly idempotency: { readonly key: string; readonly requestHash: Sha256 } | null;
  /** Checked in the same transaction; absent checks nothing. */
  readonly admission?: Admission;
}
/** What a new experiment must find: its dataset still there (else `not_found`), and fewer open experiments of its owner than this (else `too_many_requests`). */
export interface Admission {
  /** Most experiments of an owner that have not ended; null is no limit. */
  readonly openExperiments: number | null;
}

/** Which experiments a list shows; an absent member narrows nothing. */
export interface ExperimentFilter {
  /** Words, divided by spaces, that must all occur in the name, target, preset, dataset's id or experiment's id, case aside. */
  readonly search?: string;
  readonly states?: readonly ExperimentState[];
  readonly dataset?: Sha256;
}
/** A row of an experiment's table as a list needs it. `runs` counts those asked for, `endedRuns` those that ended, whatever way. */
export type TrialSummary = Pick<Trial, "state" | "capacity" | "score" | "metrics" | "winner"> & {
  readonly number: number;
  readonly runs: number;
  readonly endedRuns: number;
};

export interface ExperimentStore {
  /** One transaction: the experiment (QUEUED), event `experiment.created`, and the first plan that `advance` gives for it. */
  create(experiment: NewExperiment, advance: Advance): Promise<{ readonly experiment: Experiment; readonly created: boolean }>;
  /** With `owner` null any owner's (for workers and loops). */
  find(owner: OwnerId | null, id: ExperimentId): Promise<Experiment | null>;
  findByIdempotencyKey(owner: OwnerId, key: string): Promise<{ readonly experiment: Experiment; readonly requestHash: Sha256 } | null>;
  list(owner: OwnerId, page: PageRequest & ExperimentFilter): Promise<Page<Experiment>>;
  /** The numbered trials of each of these experiments, in order; one without trials is absent. For lists: one question for many. */
  summaries(ids: readonly ExperimentId[]): Promise<ReadonlyMap<ExperimentId, readonly TrialSummary[]>>;
  /** A consistent snapshot without the lock, for reading. */
  snapshot(id: ExperimentId): Promise<ExperimentSnapshot | null>;
  /**
   * Locks the experiment's row, shows `advance` the snapshot, writes its plan with events and outbox rows, then notifies.
   * Two callers at once run one after the other. Returns whether anything was written. Unknown ids return false.
   */
  advance(id: ExperimentId, advance: Advance): Promise<boolean>;
  /** `advance` that also sees the moment. */
  advanceAtMoment(id: ExperimentId, advance: (snapshot: ExperimentSnapshot, moment: Moment) => AdvancePlan | null): Promise<boolean>;
  /**
   * Ids of RUNNING experiments that wait for runs and may have passed their limit on time: by the clock, or with the time of all their
   * attempts together, which is at least what counts.
   */
  pastTimeLimit(limit: number): Promise<readonly ExperimentId[]>;
  /**
   * Deletes an experiment that has ended with everything of it, and says which artifacts nothing refers to any more. While another
   * experiment on the same dataset is open, which may be about to store equal bytes, it says none and notes them for `sweepLeft`. null when
   * the owner has none such; `conflict` while it has not ended.
   */
  remove(owner: OwnerId, id: ExperimentId): Promise<Removed | null>;
  /** Whether `sweepLeft` would find something. */
  anyLeft(): Promise<boolean>;
  /**
   * Takes up to `limit` artifacts that deleted experiments left and no open experiment on their dataset may store any more (SKIP LOCKED),
   * gives those that nothing refers to, then forgets them: at least once. A `remove` that throws leaves them. Returns how many were taken.
   */
  sweepLeft(limit: number, remove: (artifacts: readonly Sha256[]) => Promise<void>): Promise<number>;
  /** Events after a sequence number, oldest first. */
  events(id: ExperimentId, afterSequence: number, limit: number): Promise<readonly ExperimentEvent[]>;
  /** Ids of QUEUED and RUNNING experiments that have no outstanding run that was asked for: `advance` must look at them (and at a PAUSED one when it is resumed). */
  idle(limit: number): Promise<readonly ExperimentId[]>;
  /**
   * Ids of RUNNING experiments pinned to one of these engine fingerprints that wait for runs under way, the oldest first: what idle
   * workers may speculate for. None while anything asked for waits for a worker, in whatever experiment that is not paused.
   */
  speculable(fingerprints: readonly string[], limit: number): Promise<readonly ExperimentId[]>;
}
