/** The records that the store keeps, as everything outside the store sees them. Times are ISO 8601 in UTC, from the database's clock. */
import type { KeyId, KeyScope } from "./api-keys.ts";
import type { Capacity } from "./capacity.ts";
import type { ColumnProfile, LeftOutColumn } from "./columns.ts";
import type { Decision, LimitReached, NextStep, RunPurpose, SearchVerdict } from "./decisions.ts";
import type { ExperimentSpec, Task } from "./experiment-spec.ts";
import type { AssignmentId, ExperimentId, OwnerId, RunId, Sha256, TrialId, WorkerId } from "./ids.ts";
import type { ExperimentState, RunState, TrialState } from "./lifecycle.ts";
import type { Recipe } from "./recipe.ts";
import type { Diagnostics, LayerDiagnostics, Metrics } from "./results.ts";

export type IsoTime = string;

export interface Dataset {
  /** SHA-256 of the uploaded bytes. */
  readonly id: Sha256;
  readonly owner: OwnerId;
  readonly name: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly columns: readonly ColumnProfile[];
  readonly warnings: readonly string[];
  readonly suggestedTarget: string | null;
  readonly suggestedTask: Task | null;
  /** The columnar form, as an artifact. */
  readonly columnsArtifact: Sha256;
  readonly createdAt: IsoTime;
}

/** What follows from a spec and its dataset, computed once before the experiment is accepted. */
export interface ExperimentPlan {
  /** The split's row numbers and the fitted pipelines, as an artifact. */
  readonly artifact: Sha256;
  readonly inputs: number;
  readonly outputs: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly testRows: number;
  readonly folds: number;
  /**
   * By fold, the fold of another plan that it is, row for row and fit for fit (null for none): its runs have that one's content address, so
   * that a learning curve takes the whole rows' results from its experiment. Absent for all others.
   */
  readonly sameAs?: readonly ({ readonly plan: Sha256; readonly fold: number } | null)[];
  readonly meanPredictorLoss: readonly number[];
  /** Columns not used, and why. */
  readonly leftOut: readonly LeftOutColumn[];
  readonly featureColumns: readonly string[];
  /** Rows dropped because their target is missing. */
  readonly droppedRows: number;
  /** Classes in output order; empty for regression. */
  readonly classes: readonly string[];
  /** Deviation of the target on the training rows of fold 0; 1 for classification. */
  readonly targetDeviation: number;
  /** What should be known before the scores are believed, for example rows that train and validate at once. Each begins with a word (`leak:`). */
  readonly warnings: readonly string[];
}

/** The end of an experiment: the winner's scores, the test split read once, and the baselines beside them. */
export interface Answer {
  readonly trial: number | null;
  readonly capacity: Capacity | null;
  /** Scores of the delivered model: `validation` is null where its runs were validated on different folds. */
  readonly validation: Scores | null;
  readonly test: Scores | null;
  /** What is delivered: the winner's best run, or the mean of the predictions of several runs. */
  readonly delivered: { readonly kind: "single" | "mean_of_best"; readonly members: readonly DeliveredRun[] };
  /** Scores of the winner's best run alone, beside the delivered model's. */
  readonly single: { readonly validation: Scores; readonly test: Scores | null } | null;
  readonly baselines: readonly { readonly name: "mean" | "linear"; readonly validation: Scores; readonly test: Scores | null }[];
  /** Whether the winner beats the mean predictor on validation. */
  readonly beatsMean: boolean;
  readonly modelArtifact: Sha256 | null;
  /** How the model predicts its validation rows, as JSON (`evaluationSchema` of the contract); absent in answers of before it was kept. */
  readonly evaluationArtifact?: Sha256 | null;
  readonly sentence: string;
  /** How the search ended; absent in answers of before it was kept, and until the experiment has ended. */
  readonly verdict?: SearchVerdict;
}
export interface DeliveredRun {
  readonly trial: number;
  readonly capacity: Capacity;
  readonly seed: number;
  readonly fold: number;
  /** Validation loss of the run alone. */
  readonly validationLoss: number;
}
export interface Scores {
  /** On the standardised target (regression) or mean log loss (classification). */
  readonly loss: number;
  readonly metrics: Metrics;
}

export interface Experiment {
  readonly id: ExperimentId;
  readonly owner: OwnerId;
  readonly spec: ExperimentSpec;
  readonly plan: ExperimentPlan;
  readonly policyVersion: string;
  readonly state: ExperimentState;
  /** Why it failed or paused; null otherwise. */
  readonly stateReason: string | null;
  /** Pinned by the first claim; null before. */
  readonly engineFingerprint: string | null;
  readonly answer: Answer | null;
  readonly eventCount: number;
  readonly createdAt: IsoTime;
  readonly startedAt: IsoTime | null;
  readonly endedAt: IsoTime | null;
}

export interface Trial {
  readonly id: TrialId;
  readonly experimentId: ExperimentId;
  /** From 1 within the experiment; null until a decision asks for it. */
  readonly number: number | null;
  readonly capacity: Capacity;
  readonly parameterCount: number;
  readonly state: TrialState;
  readonly speculative: boolean;
  /** The score that decides (mean over its fits); null while it has none. */
  readonly score: number | null;
  readonly metrics: Metrics | null;
  readonly nextStep: NextStep | null;
  readonly verdict: string | null;
  readonly winner: boolean;
  /** The recipe its next runs are trained with (CHANGE_RECIPE replaces it). */
  readonly recipe: Recipe;
  readonly createdAt: IsoTime;
}

/** What a run's training left behind; null members are not known for that kind of run. */
export interface RunResult {
  readonly validationLoss: number | null;
  readonly trainingLoss: number | null;
  readonly metrics: Metrics | null;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly capped: boolean;
  readonly diagnostics: Diagnostics | null;
  readonly cost: number;
  readonly trainMs: number;
  /** The best weights, as an artifact; equal weights have equal hashes. */
  readonly weightsArtifact: Sha256 | null;
  /** Why it diverged or failed. */
  readonly reason: string | null;
}

/** What every training of one network has, whether a decision asked for it or an idle worker began it. */
interface Training {
  readonly id: RunId;
  readonly experimentId: ExperimentId;
  readonly trialId: TrialId;
  readonly assignmentId: AssignmentId;
  /** Content address: a hash of everything that determines the result (rule 4 of the design). */
  readonly contentHash: Sha256;
  readonly purpose: RunPurpose;
  readonly seed: number;
  readonly fold: number;
  readonly learningRate: number;
  /** Epochs after which it is cut short; absent for all that aren't. */
  readonly maxEpochs?: number;
  readonly state: RunState;
  readonly result: RunResult | null;
  readonly reusedFrom: RunId | null;
  /** Epochs recorded so far. */
  readonly epochs: number;
  readonly startedAt: IsoTime | null;
  readonly endedAt: IsoTime | null;
}
export interface Run extends Training {
  /** Sequence number of the decision that asked for it, and its place in that decision's runs. */
  readonly decision: number;
  readonly position: number;
}
/** Begun by an idle worker before any decision asked for it: in no table, history or event until one does and it becomes a `Run`. */
export interface SpeculativeRun extends Training {
  readonly decision: null;
  readonly position: null;
}

/** What idle workers did before it was asked for, over an experiment or all of them. "Unused" may still be adopted while its experiment goes on. */
export interface SpeculationUse {
  readonly adoptedRuns: number;
  /** Runs that no decision has asked for: under way, kept after their end, cancelled or failed. */
  readonly unusedRuns: number;
  /** Time of slots, in milliseconds, that went into assignments before they were adopted: time saved. */
  readonly adoptedMs: number;
  /** Time of slots, in milliseconds, that went into assignments which no decision has asked for: the price. */
  readonly unusedMs: number;
}

export interface StoredDecision {
  readonly experimentId: ExperimentId;
  /** From 1 within the experiment, without gaps. */
  readonly sequence: number;
  readonly decision: Decision;
  /** Canonical text of the decision, and its SHA-256. */
  readonly text: string;
  readonly hash: Sha256;
  /** The outside limit that was reached before it, which it had to end by; null for nearly all. A replay takes it from here. */
  readonly limit: LimitReached | null;
  readonly createdAt: IsoTime;
}

export interface EpochRecord {
  readonly runId: RunId;
  /** From 1. */
  readonly epoch: number;
  readonly trainingLoss: number;
  readonly validationLoss: number;
  readonly learningRate: number;
  /** Metrics on the validation rows; absent for epochs at which they were not computed. */
  readonly metrics?: Metrics;
  /** Each hidden layer from the input on, over a fixed sample of training rows; absent for epochs at which nobody looked. */
  readonly diagnostics?: readonly LayerDiagnostics[];
}

export const attemptEnds = ["completed", "crashed", "lease_lost", "released", "cancelled", "failed"] as const;
export type AttemptEnd = (typeof attemptEnds)[number];

export interface Attempt {
  readonly assignmentId: AssignmentId;
  readonly number: number;
  readonly workerId: WorkerId;
  readonly startedAt: IsoTime;
  readonly endedAt: IsoTime | null;
  readonly end: AttemptEnd | null;
  readonly detail: string | null;
}

export const eventKinds = [
  "experiment.created",
  "experiment.state",
  "trial.started",
  "trial.completed",
  "trial.failed",
  "run.started",
  "run.requeued",
  "run.ended",
  "decision.made",
  "answer.ready",
] as const;
export type EventKind = (typeof eventKinds)[number];

/** One change of an experiment, numbered under its lock. `data` is small plain JSON with ids; records are read through the API. */
export interface ExperimentEvent {
  readonly experimentId: ExperimentId;
  /** From 1 within the experiment, without gaps, in commit order. */
  readonly sequence: number;
  readonly kind: EventKind;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: IsoTime;
}

export interface WorkerRecord {
  readonly id: WorkerId;
  readonly machine: string;
  readonly processId: number;
  readonly slots: number;
  readonly engines: readonly string[];
  readonly fingerprint: string;
  readonly device: string;
  readonly memoryBytes: number;
  readonly startedAt: IsoTime;
  readonly lastSeenAt: IsoTime;
  readonly live: boolean;
  /** Assignments it holds now. */
  readonly running: readonly AssignmentId[];
  /** What those are about, in the same order. */
  readonly doing: readonly { readonly experimentId: ExperimentId; readonly name: string; readonly capacity: Capacity }[];
  readonly recent: WorkerPace;
}
/** What a worker ended in the last `workerPaceMinutes`: trainings that have a result of their own, none of them copied. */
export interface WorkerPace {
  readonly runs: number;
  readonly epochs: number;
  /** Training work: epochs × training rows × parameter count. */
  readonly cost: number;
  /** Time that they trained, of all slots together, in milliseconds. */
  readonly trainMs: number;
}
export const workerPaceMinutes = 10;

/** What is known of an API key; never the key itself, and its hash only where it is compared. */
export interface ApiKey {
  readonly id: KeyId;
  readonly owner: OwnerId;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: IsoTime;
  /** null never ends. */
  readonly expiresAt: IsoTime | null;
  /** To the minute. */
  readonly lastUsedAt: IsoTime | null;
  readonly revokedAt: IsoTime | null;
}
