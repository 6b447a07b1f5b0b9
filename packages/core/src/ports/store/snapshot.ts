/** What a step of an experiment looks at: everything known of it at a moment. */
import type { AssignmentId } from "../../ids.ts";
import type { Experiment, IsoTime, Run, SpeculativeRun, StoredDecision, Trial } from "../../records.ts";

/** Everything about an experiment that a decision may need, read under its lock. Runs are ordered by (decision, position), trials by number. */
export interface ExperimentSnapshot {
  readonly experiment: Experiment;
  readonly decisions: readonly StoredDecision[];
  readonly trials: readonly Trial[];
  readonly runs: readonly Run[];
  /** What no decision has asked for (yet). It stands apart, so that whoever reads trials and runs can't count it by mistake. */
  readonly speculative: SpeculativeWork;
}
export interface SpeculativeWork {
  /** Trials without a number, oldest first. */
  readonly trials: readonly Trial[];
  /** Runs of those trials, and more runs of numbered ones, oldest first. */
  readonly runs: readonly SpeculativeRun[];
}

/** When a snapshot was read, and what was under way then. A decision never sees it; only a limit on time that is recorded with one. */
export interface Moment {
  /** By the database's clock. */
  readonly now: IsoTime;
  /** Attempts under way, with the beginning of each. */
  readonly attempts: readonly { readonly assignmentId: AssignmentId; readonly startedAt: IsoTime }[];
}
