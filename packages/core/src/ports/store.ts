/** The store: the only truth. Every method is one transaction; concurrency promises stand on the methods. */
import type { KeyId } from "../api-keys.ts";
import type { Decision, LimitReached, NextStep } from "../decisions.ts";
import type { ExperimentSpec } from "../experiment-spec.ts";
import type { AssignmentId, ExperimentId, OwnerId, RunId, Sha256, TrialId, WorkerId } from "../ids.ts";
import type { ExperimentState, RunState, TrialState } from "../lifecycle.ts";
import type {
  Answer,
  ApiKey,
  Attempt,
  AttemptEnd,
  Dataset,
  EpochRecord,
  EventKind,
  Experiment,
  ExperimentEvent,
  ExperimentPlan,
  IsoTime,
  Run,
  RunResult,
  SpeculationUse,
  SpeculativeRun,
  StoredDecision,
  Trial,
  WorkerRecord,
} from "../records.ts";
import type { Metrics } from "../results.ts";

/** One page of a list, newest first; `cursor` of the answer is null on the last page. */
export interface PageRequest {
  readonly limit: number;
  /** Opaque text from the page before; null for the first. A cursor the store can't read throws `malformed_request`. */
  readonly cursor: string | null;
}
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
}

/** What a deletion left to delete elsewhere. Bytes are deleted after the rows, so that a crash in between wastes room and loses nothing. */
export interface Removed {
  readonly artifacts: readonly Sha256[];
}

export interface DatasetStore {
  /** Idempotent by (owner, id): the same bytes twice are one dataset; the first record stays and is returned. */
  put(dataset: Omit<Dataset, "createdAt">): Promise<Dataset>;
  find(owner: OwnerId, id: Sha256): Promise<Dataset | null>;
  list(owner: OwnerId, page: PageRequest): Promise<Page<Dataset>>;
  /** Deletes it and says which artifacts nothing refers to any more. null when there is none; `conflict` while an experiment of the owner is about it. */
  remove(owner: OwnerId, id: Sha256): Promise<Removed | null>;
}

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

/** When a snapshot was read, and what was under way then. A decision never sees it; only a limit on time that is recorded with one. */
export interface Moment {
  /** By the database's clock. */
  readonly now: IsoTime;
  /** Attempts under way, with the beginning of each. */
  readonly attempts: readonly { readonly assignmentId: AssignmentId; readonly startedAt: IsoTime }[];
}

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
  /** A trial that was asked for, with its runs that were; null for others. */
  /**
   * At most `points` (≥ 3) epochs of a run, oldest first: evenly spaced, with the first, the last and the best on validation, and with
   * those that have diagnostics (few), where these leave half of the points to the curve.
   */
  curve(runId: RunId, points: number): Promise<readonly EpochRecord[]>;
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

export interface OutboxItem {
  readonly assignmentId: AssignmentId;
  /** Attempts so far: job ids must differ between dispatches. */
  readonly dispatch: number;
  readonly priority: number;
}
export interface OutboxStore {
  /** Takes up to `limit` rows (SKIP LOCKED), publishes them, then deletes them: at least once. Returns how many. A publish that throws leaves them. */
  relay(limit: number, publish: (items: readonly OutboxItem[]) => Promise<void>): Promise<number>;
}

export interface WorkerStore {
  announce(worker: Omit<WorkerRecord, "startedAt" | "lastSeenAt" | "live" | "running" | "doing" | "recent">): Promise<void>;
  /** False when the worker is not known (it must announce itself again). */
  seen(id: WorkerId): Promise<boolean>;
  leave(id: WorkerId): Promise<void>;
  /** A worker is live when seen in the last 30 s. */
  list(): Promise<readonly WorkerRecord[]>;
}

export interface NewApiKey {
  readonly id: KeyId;
  readonly owner: OwnerId;
  readonly name: string;
  readonly hash: Sha256;
  readonly scopes: ApiKey["scopes"];
  /** How long it is valid by the database's clock, in milliseconds; null for ever. */
  readonly validForMs: number | null;
}
/** A key with the hash to compare with; not `usable` once it was revoked or has expired by the database's clock. */
export interface StoredKey {
  readonly key: ApiKey;
  readonly hash: Sha256;
  readonly usable: boolean;
}
export interface KeyStore {
  create(key: NewApiKey): Promise<ApiKey>;
  /** Any owner's key: who asks doesn't know yet whose it is. */
  find(id: KeyId): Promise<StoredKey | null>;
  /** Those of these keys that are usable now, by the database's clock. */
  usableAmong(ids: readonly KeyId[]): Promise<readonly KeyId[]>;
  /** Of an owner, newest first, revoked and expired ones too. */
  list(owner: OwnerId): Promise<readonly ApiKey[]>;
  /** From now on it is not usable; revoking again changes nothing. null when the owner has no such key. */
  revoke(owner: OwnerId, id: KeyId): Promise<ApiKey | null>;
  /** Notes a use; writes at most once a minute. */
  used(id: KeyId): Promise<void>;
  /** Whether any key was ever made, revoked and expired ones too: a service with keys never goes back to answering everybody. */
  any(): Promise<boolean>;
}

/** A hint that something changed; it may be lost, so every listener also looks by itself from time to time. */
export type Signal =
  | { readonly kind: "experiment"; readonly id: ExperimentId }
  | { readonly kind: "epochs"; readonly id: ExperimentId }
  | { readonly kind: "outbox" };

export interface Store {
  readonly datasets: DatasetStore;
  readonly experiments: ExperimentStore;
  readonly work: WorkStore;
  readonly outbox: OutboxStore;
  readonly workers: WorkerStore;
  readonly keys: KeyStore;
  /** Calls back on every signal until the returned function is called; reconnects by itself. */
  subscribe(listener: (signal: Signal) => void): Promise<() => Promise<void>>;
  /** The database's clock, which all times of records come from, in milliseconds since 1970. */
  clock(): Promise<number>;
  /** Throws `unavailable` when the database can't be reached. */
  check(): Promise<void>;
  close(): Promise<void>;
}
