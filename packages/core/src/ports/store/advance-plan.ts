/** What a step of an experiment writes, all or nothing. */
import type { Decision, LimitReached, NextStep } from "../../decisions.ts";
import type { AssignmentId, RunId, Sha256, TrialId } from "../../ids.ts";
import type { ExperimentState, TrialState } from "../../lifecycle.ts";
import type { Answer, EventKind, Run, RunResult, Trial } from "../../records.ts";
import type { Metrics } from "../../results.ts";
import type { ExperimentSnapshot } from "./snapshot.ts";

export interface NewTrial {
  readonly id: TrialId;
  readonly number: number | null;
  readonly capacity: Trial["capacity"];
  readonly parameterCount: number;
  readonly speculative: boolean;
  readonly recipe: Trial["recipe"];
}
export interface NewRun {
  readonly id: RunId;
  readonly trialId: TrialId;
  readonly contentHash: Sha256;
  readonly purpose: Run["purpose"];
  readonly seed: number;
  readonly fold: number;
  readonly learningRate: number;
  readonly maxEpochs?: number;
  readonly decision: number;
  readonly position: number;
}
export interface NewAssignment {
  readonly id: AssignmentId;
  readonly trialId: TrialId;
  /** 1 is most urgent; speculative work is 1,000 and up. */
  readonly priority: number;
  readonly runs: readonly NewRun[];
}
/** Runs that no decision asked for. They are never dispatched: an idle worker takes them by the assignment's id. */
export interface NewSpeculation extends Omit<NewAssignment, "runs"> {
  readonly runs: readonly Omit<NewRun, "decision" | "position">[];
}
/**
 * A decision asks for what a speculative run trains or has trained. Its assignment counts as asked for from now on (dispatched if it
 * waits), and the events that it would have had so far are written. A FAILED or CANCELLED run throws `conflict`.
 */
export interface Adoption {
  readonly runId: RunId;
  readonly decision: number;
  readonly position: number;
  /** What the decision calls it; speculation may have begun it under another purpose. */
  readonly purpose: Run["purpose"];
  readonly priority: number;
}
/** An outstanding run that was asked for becomes STOPPED, with what is known of it. */
export interface StoppedRun {
  readonly runId: RunId;
  readonly result: RunResult;
}
/** A change of a trial; absent members stay. A `state` is a compare-and-set along the lifecycle. */
export interface TrialChange {
  readonly id: TrialId;
  /** Adopts a speculative trial: a decision asks for it under this number. */
  readonly number?: number;
  readonly state?: TrialState;
  readonly score?: number | null;
  readonly metrics?: Metrics | null;
  readonly nextStep?: NextStep;
  readonly verdict?: string | null;
  readonly winner?: boolean;
  readonly recipe?: Trial["recipe"];
}
export interface NewEvent {
  readonly kind: EventKind;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What one step of an experiment writes, all or nothing. */
export interface AdvancePlan {
  /** Sequence must be the number of stored decisions + 1. */
  readonly decision: {
    readonly sequence: number;
    readonly decision: Decision;
    readonly text: string;
    readonly hash: Sha256;
    /** The outside limit that was reached before it; absent is none. */
    readonly limit?: LimitReached | null;
  } | null;
  readonly newTrials: readonly NewTrial[];
  readonly trialChanges: readonly TrialChange[];
  readonly assignments: readonly NewAssignment[];
  /** Runs for idle workers; none when left out. */
  readonly speculate?: readonly NewSpeculation[];
  /** Speculative runs that the decision asks for; none when left out. */
  readonly adopt?: readonly Adoption[];
  /** Runs that a limit on time ends where they are; none when left out. Whatever else their assignments hold is cancelled. */
  readonly stop?: readonly StoppedRun[];
  /** Cancels these assignments' unfinished runs. */
  readonly cancelAssignments: readonly AssignmentId[];
  readonly experiment: { readonly state?: ExperimentState; readonly stateReason?: string | null; readonly answer?: Answer } | null;
  readonly events: readonly NewEvent[];
}
/** Pure: looks at a snapshot and says what to write, or null when there is nothing to do. */
export type Advance = (snapshot: ExperimentSnapshot) => AdvancePlan | null;
