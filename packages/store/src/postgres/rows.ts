/** From rows to records: the columns that SQL selects under Prisma's names, and one mapping for the rows of both ways. */
import type {
  Answer,
  ApiKey,
  Attempt,
  Dataset,
  EpochRecord,
  Experiment,
  ExperimentEvent,
  IsoTime,
  LayerDiagnostics,
  Metrics,
  OwnerId,
  Run,
  SpeculativeRun,
  StoredDecision,
  Trial,
} from "@rightsize/core";
import type * as Rows from "../generated/client.ts";

export type AssignmentRow = Rows.Assignment;
export type ExperimentRow = Rows.Experiment;
export type RunRow = Rows.Run;
export type TrialRow = Rows.Trial;
export type DecisionRow = Rows.Decision;

const columnsOf = <Row>(table: string, names: Record<keyof Row, string>) =>
  Object.entries<string>(names)
    .map(([field, column]) => `${table}.${column} AS "${field}"`)
    .join(", ");

/** `SELECT ${experimentColumns} FROM experiments`, and so on. The types hold each list complete. */
export const experimentColumns = columnsOf<ExperimentRow>("experiments", {
  id: "id",
  owner: "owner",
  spec: "spec",
  plan: "plan",
  policyVersion: "policy_version",
  state: "state",
  stateReason: "state_reason",
  engineFingerprint: "engine_fingerprint",
  answer: "answer",
  eventCount: "event_count",
  idempotencyKey: "idempotency_key",
  requestHash: "request_hash",
  createdAt: "created_at",
  startedAt: "started_at",
  endedAt: "ended_at",
});

export const trialColumns = columnsOf<TrialRow>("trials", {
  id: "id",
  experimentId: "experiment_id",
  number: "number",
  hiddenLayers: "hidden_layers",
  nodesPerLayer: "nodes_per_layer",
  parameterCount: "parameter_count",
  state: "state",
  speculative: "speculative",
  score: "score",
  metrics: "metrics",
  nextStep: "next_step",
  verdict: "verdict",
  winner: "winner",
  recipe: "recipe",
  createdAt: "created_at",
});

export const assignmentColumns = columnsOf<AssignmentRow>("assignments", {
  id: "id",
  experimentId: "experiment_id",
  trialId: "trial_id",
  priority: "priority",
  state: "state",
  attempt: "attempt",
  workerId: "worker_id",
  leaseUntil: "lease_until",
  dispatchedAt: "dispatched_at",
  createdAt: "created_at",
  speculative: "speculative",
  adoptedAt: "adopted_at",
});

export const runColumns = columnsOf<RunRow>("runs", {
  id: "id",
  experimentId: "experiment_id",
  trialId: "trial_id",
  assignmentId: "assignment_id",
  contentHash: "content_hash",
  purpose: "purpose",
  seed: "seed",
  fold: "fold",
  learningRate: "learning_rate",
  maxEpochs: "max_epochs",
  decision: "decision",
  position: "position",
  state: "state",
  result: "result",
  reusedFrom: "reused_from",
  epochs: "epochs",
  endedBy: "ended_by",
  checkpointArtifact: "checkpoint_artifact",
  checkpointAttempt: "checkpoint_attempt",
  checkpointEpoch: "checkpoint_epoch",
  previousCheckpointArtifact: "previous_checkpoint_artifact",
  previousCheckpointEpoch: "previous_checkpoint_epoch",
  startedAt: "started_at",
  endedAt: "ended_at",
});

export const decisionColumns = columnsOf<DecisionRow>("decisions", {
  experimentId: "experiment_id",
  sequence: "sequence",
  text: "text",
  hash: "hash",
  limitReached: "limit_reached",
  createdAt: "created_at",
});

const iso = (time: Date): IsoTime => time.toISOString();
const isoOrNull = (time: Date | null): IsoTime | null => time?.toISOString() ?? null;

/** JSON columns hold what we wrote ourselves, so their types are claimed, not checked, and ids take their brands again. */
export function asExperiment(row: ExperimentRow): Experiment {
  return {
    id: row.id as Experiment["id"],
    owner: row.owner as OwnerId,
    spec: row.spec as unknown as Experiment["spec"],
    plan: row.plan as unknown as Experiment["plan"],
    policyVersion: row.policyVersion,
    state: row.state,
    stateReason: row.stateReason,
    engineFingerprint: row.engineFingerprint,
    answer: row.answer as unknown as Answer | null,
    eventCount: row.eventCount,
    createdAt: iso(row.createdAt),
    startedAt: isoOrNull(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
  };
}

export function asTrial(row: TrialRow): Trial {
  return {
    id: row.id as Trial["id"],
    experimentId: row.experimentId as Trial["experimentId"],
    number: row.number,
    capacity: { hiddenLayers: row.hiddenLayers, nodesPerLayer: row.nodesPerLayer },
    parameterCount: Number(row.parameterCount),
    state: row.state,
    speculative: row.speculative,
    score: row.score,
    metrics: row.metrics as unknown as Trial["metrics"],
    nextStep: row.nextStep,
    verdict: row.verdict,
    winner: row.winner,
    recipe: row.recipe as unknown as Trial["recipe"],
    createdAt: iso(row.createdAt),
  };
}

export function asRun(row: RunRow): Run | SpeculativeRun {
  const { decision, position } = row;
  const asked = decision === null || position === null ? { decision: null, position: null } : { decision, position };
  return {
    id: row.id as Run["id"],
    experimentId: row.experimentId as Run["experimentId"],
    trialId: row.trialId as Run["trialId"],
    assignmentId: row.assignmentId as Run["assignmentId"],
    contentHash: row.contentHash as Run["contentHash"],
    purpose: row.purpose,
    seed: Number(row.seed),
    fold: row.fold,
    learningRate: row.learningRate,
    ...(row.maxEpochs === null ? {} : { maxEpochs: row.maxEpochs }),
    ...asked,
    state: row.state,
    result: row.result as unknown as Run["result"],
    reusedFrom: row.reusedFrom as Run["reusedFrom"],
    epochs: row.epochs,
    startedAt: isoOrNull(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
  };
}

/** Apart, what decisions asked for and what idle workers began. */
export function apart(runs: readonly (Run | SpeculativeRun)[]): {
  readonly asked: readonly Run[];
  readonly speculative: readonly SpeculativeRun[];
} {
  return {
    asked: runs.filter((run): run is Run => run.decision !== null),
    speculative: runs.filter((run): run is SpeculativeRun => run.decision === null),
  };
}

export function asDecision(row: DecisionRow): StoredDecision {
  return {
    experimentId: row.experimentId as StoredDecision["experimentId"],
    sequence: row.sequence,
    decision: JSON.parse(row.text) as StoredDecision["decision"],
    text: row.text,
    hash: row.hash as StoredDecision["hash"],
    limit: row.limitReached as unknown as StoredDecision["limit"],
    createdAt: iso(row.createdAt),
  };
}

export function asEvent(row: Rows.Event): ExperimentEvent {
  return {
    experimentId: row.experimentId as ExperimentEvent["experimentId"],
    sequence: row.sequence,
    kind: row.kind as ExperimentEvent["kind"],
    data: row.data as unknown as ExperimentEvent["data"],
    createdAt: iso(row.createdAt),
  };
}

export function asAttempt(row: Rows.Attempt): Attempt {
  return {
    assignmentId: row.assignmentId as Attempt["assignmentId"],
    number: row.number,
    workerId: row.workerId as Attempt["workerId"],
    startedAt: iso(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
    end: row.end,
    detail: row.detail,
  };
}

export function asEpoch(row: Rows.Epoch): EpochRecord {
  return {
    runId: row.runId as EpochRecord["runId"],
    epoch: row.epoch,
    trainingLoss: row.trainingLoss,
    validationLoss: row.validationLoss,
    learningRate: row.learningRate,
    ...(row.metrics === null ? {} : { metrics: row.metrics as unknown as Metrics }),
    ...(row.diagnostics === null ? {} : { diagnostics: row.diagnostics as unknown as readonly LayerDiagnostics[] }),
  };
}

export function asDataset(row: Rows.Dataset): Dataset {
  return {
    id: row.id as Dataset["id"],
    owner: row.owner as OwnerId,
    name: row.name,
    format: row.format,
    sizeBytes: Number(row.sizeBytes),
    rowCount: Number(row.rowCount),
    columns: row.columns as unknown as Dataset["columns"],
    warnings: row.warnings,
    suggestedTarget: row.suggestedTarget,
    suggestedTask: row.suggestedTask as Dataset["suggestedTask"],
    columnsArtifact: row.columnsArtifact as Dataset["columnsArtifact"],
    createdAt: iso(row.createdAt),
  };
}

export function asKey(row: Rows.ApiKey): ApiKey {
  return {
    id: row.id as ApiKey["id"],
    owner: row.owner as OwnerId,
    name: row.name,
    scopes: row.scopes as readonly string[] as ApiKey["scopes"],
    createdAt: iso(row.createdAt),
    expiresAt: isoOrNull(row.expiresAt),
    lastUsedAt: isoOrNull(row.lastUsedAt),
    revokedAt: isoOrNull(row.revokedAt),
  };
}
