/** The store of work: claims, leases, what workers write under their attempt number, and what became of it. */
import type { AssignmentId, ExperimentId, OwnerId, RunId, Sha256, TrialId, WorkerId } from "../../ids.ts";
import type { RunState } from "../../lifecycle.ts";
import type {
  Answer,
  Attempt,
  AttemptEnd,
  EpochRecord,
  Experiment,
  Run,
  RunResult,
  SpeculationUse,
  SpeculativeRun,
  Trial,
} from "../../records.ts";

/** The fencing token: every write of a worker carries it; a stale one throws `stale_attempt`, changes nothing and is counted. */
export interface AttemptRef {
  readonly assignmentId: AssignmentId;
  readonly attempt: number;
}

export interface Claim extends AttemptRef {
  readonly experiment: Experiment;
  readonly trial: Trial;
  /** Runs still to be done, in order; those that ended in an earlier attempt are not among them. */
  readonly runs: readonly (Run | SpeculativeRun)[];
  readonly priority: number;
  /**
   * Finished runs of the same owner with the same content hash and engine fingerprint, by the run of this claim that may take their
   * result (the oldest donor; `finalise` takes none).
   */
  readonly donors: readonly { readonly runId: RunId; readonly donor: Run | SpeculativeRun }[];
  /** The last two checkpoints of each run, where there are any, newest first: where bytes are torn or missing, the one before serves. */
  readonly checkpoints: readonly { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number }[];
}
export interface Refusal {
  readonly refused: "unknown" | "completed" | "leased" | "cancelled" | "paused" | "other_engine";
}

/** A run that was trained to a score here (not copied), with what its time, epochs and loss depended on: what estimates learn from. */
export interface TrainedRun extends Pick<Run, "assignmentId" | "fold" | "learningRate" | "maxEpochs"> {
  readonly dataset: Sha256;
  readonly target: string;
  /** The plan's artifact: losses of one plan are comparable. */
  readonly plan: Sha256;
  readonly engine: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly capacity: Trial["capacity"];
  /** Its trial's, as it is now. */
  readonly recipe: Trial["recipe"];
  readonly validationLoss: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly trainMs: number;
}

export interface WorkStore {
  /**
   * Takes an assignment: attempt + 1, lease from the database's clock, runs QUEUED → RUNNING, trial and experiment → RUNNING, events.
   * Pins the engine fingerprint to the experiment if it has none. Of many callers at once exactly one gets it. A speculative assignment
   * changes neither trial nor experiment and leaves no event.
   */
  claim(request: {
    readonly assignmentId: AssignmentId;
    readonly workerId: WorkerId;
    readonly leaseMs: number;
    /** Engine fingerprints of the worker by engine name; the experiment's engine must be among them (else `other_engine`), and its fingerprint is the one pinned. */
    readonly fingerprints: Readonly<Record<string, string>>;
  }): Promise<Claim | Refusal>;
  /** Extends the lease. `cancel` says that the experiment was cancelled or the assignment is no longer wanted: stop it. */
  heartbeat(ref: AttemptRef, leaseMs: number): Promise<"continue" | "cancel">;
  /** Appends epochs in a batch; an epoch already stored for the run is replaced only by a later attempt. Notifies once. */
  appendEpochs(ref: AttemptRef, epochs: readonly EpochRecord[]): Promise<void>;
  /**
   * Points a run at a newer checkpoint whose bytes are already stored; the one before is kept, and the one before that is noted for
   * `sweepCheckpoints`, as both are when the run ends. An older one is silently not taken.
   */
  recordCheckpoint(
    ref: AttemptRef,
    checkpoint: { readonly runId: RunId; readonly artifact: Sha256; readonly epoch: number },
  ): Promise<void>;
  /**
   * Takes up to `limit` checkpoints that their runs need no more (SKIP LOCKED), gives those that nothing refers to, then forgets them:
   * at least once. A `remove` that throws leaves them. Returns how many were given.
   */
  sweepCheckpoints(limit: number, remove: (artifacts: readonly Sha256[]) => Promise<void>): Promise<number>;
  /**
   * Stores a run's only terminal result, and event `run.ended`. The very same outcome once more under the same attempt (a retry after a lost
   * acknowledgement) is silent; any other second one is refused as stale.
   */
  completeRun(
    ref: AttemptRef,
    runId: RunId,
    outcome: {
      readonly state: Extract<RunState, "COMPLETED" | "DIVERGED" | "FAILED">;
      readonly result: RunResult;
      readonly answer?: Answer;
      /** The run whose result this is a copy of. */
      readonly reusedFrom?: RunId;
    },
  ): Promise<void>;
  /**
   * Ends the attempt. Unless `completed`, `failed` or `cancelled`, unfinished runs go back to QUEUED and the assignment is dispatched again.
   * `completed` with unfinished runs throws `conflict`. The same end once more is silent, and so is any end of a cancelled attempt.
   * Speculative work (also what is left of it where a decision took a part) waits again after a release only, undispatched; crashed or
   * lost it is FAILED at once and never trained again.
   */
  endAttempt(ref: AttemptRef, end: AttemptEnd, detail: string | null): Promise<void>;
  /**
   * Ends attempts whose lease is over (`lease_lost`) and requeues their runs with an outbox row each; an assignment with `crashLimit`
   * crashed or lost attempts is FAILED with the reason instead (its unfinished runs too). Also re-dispatches QUEUED assignments whose last
   * dispatch is older than `redispatchMs`. Returns the experiments that `advance` must look at.
   */
  reconcile(limits: { readonly crashLimit: number; readonly redispatchMs: number }): Promise<readonly ExperimentId[]>;
  attempts(experimentId: ExperimentId): Promise<readonly Attempt[]>;
  /** Epochs of a run after one, oldest first. */
  epochs(runId: RunId, afterEpoch: number, limit: number): Promise<readonly EpochRecord[]>;
  /**
   * Runs of an owner that were trained to a score, not copied and not `finalise`, of at most 20 experiments: those on `dataset` first,
   * then the newest.
   */
  trainedRuns(owner: OwnerId, dataset: Sha256, limit: number): Promise<readonly TrainedRun[]>;
  /**
   * At most `points` (≥ 3) epochs of a run, oldest first: evenly spaced, with the first, the last and the best on validation, and with
   * those that have diagnostics (few), where these leave half of the points to the curve.
   */
  curve(runId: RunId, points: number): Promise<readonly EpochRecord[]>;
  /** A trial that was asked for, with its runs that were; null for others. */
  findTrial(id: TrialId): Promise<{ readonly experiment: Experiment; readonly trial: Trial; readonly runs: readonly Run[] } | null>;
  /** Those of these assignments that nobody has asked for yet: a worker may stop them for work that was. */
  speculativeAmong(assignments: readonly AssignmentId[]): Promise<readonly AssignmentId[]>;
  /** What speculation saved and cost, for an experiment or (null) all of them. */
  speculationUse(experimentId: ExperimentId | null): Promise<SpeculationUse>;
  /** Writes refused because their attempt was stale, since the database was made. */
  staleWriteCount(): Promise<number>;
  /** Runs by state, over all experiments, for /metrics. */
  runCounts(): Promise<Readonly<Record<RunState, number>>>;
  /** How work went in the last minute, over all experiments, for /metrics. */
  pace(): Promise<WorkPace>;
}

export interface WorkPace {
  /** Epochs of the runs that ended in the last minute, a second. */
  readonly epochsPerSecond: number;
  /** Median time between two attempts of the same worker of which the second began in the last minute, in milliseconds; null without any. */
  readonly slotGapMs: number | null;
}
