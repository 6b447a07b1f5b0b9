/** Carries out one assignment: claim, train, commit each result under the attempt number, advance. Runs in the worker's supervisor. */
import {
  type AssignmentId,
  type AttemptEnd,
  asRightsizeError,
  type Claim,
  type ExperimentId,
  type IdSource,
  type Queue,
  type Refusal,
  type RightsizeError,
  type Store,
  type Trainer,
  type TrainerEnd,
  type TrainingWork,
  type Trial,
  type TrialRow,
  type WorkerId,
} from "@rightsize/core";
import { advanceExperiment } from "./advance.ts";
import { createAttemptWriter } from "./attempt-writer.ts";
import { deliveredRuns } from "./delivered-runs.ts";
import { reconcile, relayOutbox } from "./loops.ts";
import { reuseResults } from "./reuse-results.ts";

export interface CarryOutDependencies {
  readonly store: Store;
  readonly queue: Queue;
  readonly ids: IdSource;
  readonly workerId: WorkerId;
  readonly log: CarryOutLog;
  readonly timing?: Partial<CarryOutTiming>;
}
export interface CarryOutTiming {
  /** How long a claim lasts without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  /** How often the lease is extended, in milliseconds. */
  readonly heartbeatMs: number;
  readonly epochBatchMs: number;
  readonly retryMs: number;
  /** Crashed or lost attempts before an assignment is given up. */
  readonly crashLimit: number;
}
export const carryOutTiming: CarryOutTiming = { leaseMs: 10_000, heartbeatMs: 3000, epochBatchMs: 200, retryMs: 500, crashLimit: 5 };

/** What happened, for the worker's log (structured, one object a line). */
export type CarryOutLog = (level: "debug" | "info" | "warn", message: string, fields: Readonly<Record<string, unknown>>) => void;

/** `next` is an assignment that the experiment asked for just now: the slot may take it at once, without waiting for the queue. */
export type CarryOutEnd =
  | { readonly kind: "refused"; readonly refusal: Refusal["refused"]; readonly next: null }
  | { readonly kind: AttemptEnd; readonly next: AssignmentId | null };

/**
 * Does an assignment from claim to commit. `signal` is the worker's own end: the run stops within one chunk of steps and is released
 * for others. Never rejects for a crash of the trainer or a store that is away for a while; rejects when the claim itself can't be asked.
 */
export async function carryOut(
  deps: CarryOutDependencies,
  trainer: Trainer,
  assignmentId: AssignmentId,
  signal: AbortSignal,
): Promise<CarryOutEnd> {
  const timing = { ...carryOutTiming, ...deps.timing };
  const claim = await deps.store.work.claim({
    assignmentId,
    workerId: deps.workerId,
    leaseMs: timing.leaseMs,
    fingerprints: trainer.fingerprints,
  });
  if ("refused" in claim) {
    deps.log("debug", `claim refused: ${claim.refused}`, { assignmentId });
    return { kind: "refused", refusal: claim.refused, next: null };
  }
  const fields = { experimentId: claim.experiment.id, trialId: claim.trial.id, runId: claim.runs[0]?.id, attempt: claim.attempt };
  deps.log("info", "training", { ...fields, capacity: claim.trial.capacity });
  const end = await trainClaim(deps, timing, trainer, claim, signal, fields);
  deps.log(end.kind === "completed" ? "info" : "warn", `assignment ${end.kind}`, fields);
  return end;
}

type TrainedEnd = Extract<CarryOutEnd, { readonly kind: AttemptEnd }>;

/** Why the supervisor stops its own trainer. */
type StopCause = "cancelled" | "stale" | "released";

async function trainClaim(
  deps: CarryOutDependencies,
  timing: CarryOutTiming,
  trainer: Trainer,
  claim: Claim,
  signal: AbortSignal,
  fields: Readonly<Record<string, unknown>>,
): Promise<TrainedEnd> {
  const stop = new AbortController();
  let cause: StopCause | null = null;
  const stopFor = (why: StopCause) => {
    cause ??= why;
    stop.abort();
  };
  const released = () => stopFor("released");
  if (signal.aborted) released();
  signal.addEventListener("abort", released);
  const writer = createAttemptWriter(deps.store, claim, {
    batchMs: timing.epochBatchMs,
    retryMs: timing.retryMs,
    onStale: () => stopFor("stale"),
    onRetry: (error) => deps.log("warn", "the store can't be written, trying again", { ...fields, error: error.message }),
  });
  const heartbeat = setInterval(() => void beat(), timing.heartbeatMs);
  const beat = async () => {
    try {
      if ((await deps.store.work.heartbeat(claim, timing.leaseMs)) === "cancel") stopFor("cancelled");
    } catch (thrown) {
      const error = asRightsizeError(thrown);
      if (error.code === "stale_attempt") stopFor("stale");
      else deps.log("warn", "heartbeat failed", { ...fields, error: error.message });
    }
  };
  try {
    const work = await untilReachable(deps, timing, () => trainingWork(deps.store, claim));
    const reused = await reuseResults(deps.store, claim, writer);
    const end = await trainer.train(
      { ...work, runs: work.runs.filter(({ runId }) => !reused.has(runId)) },
      {
        onEpochs: (epochs) => writer.epochs(epochs),
        onCheckpoint: (checkpoint) => writer.checkpoint(checkpoint),
        onRunEnd: (runId, outcome) => writer.result(runId, outcome),
      },
      stop.signal,
    );
    await writer.flush();
    return await endClaim(deps, timing, claim, end, cause);
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener("abort", released);
  }
}

/** Writes how the attempt ended, then lets the experiment take its next step. */
async function endClaim(
  deps: CarryOutDependencies,
  timing: CarryOutTiming,
  claim: Claim,
  end: TrainerEnd,
  cause: StopCause | null,
): Promise<TrainedEnd> {
  if (cause === "stale") return { kind: "lease_lost", next: null };
  const attemptEnd: AttemptEnd =
    end.kind === "done" ? "completed" : end.kind === "crashed" ? "crashed" : cause === "cancelled" ? "cancelled" : "released";
  const detail = end.kind === "crashed" ? end.detail : null;
  const written = await untilReachable(deps, timing, async () => {
    try {
      await deps.store.work.endAttempt(claim, attemptEnd, detail);
      return true;
    } catch (error) {
      if (asRightsizeError(error).code === "stale_attempt") return false;
      throw error;
    }
  });
  if (!written) return { kind: "lease_lost", next: null };
  const next = await untilReachable(deps, timing, () => nextAssignment(deps, timing, claim, attemptEnd));
  return { kind: attemptEnd, next };
}

/**
 * The experiment's next step, at once, so that no slot waits for a loop elsewhere. The first assignment that it asks for is this slot's,
 * whose trainer has the data at hand; the others go to the queue. (All of them are in the outbox too: a doubled job is refused.)
 */
async function nextAssignment(
  deps: CarryOutDependencies,
  timing: CarryOutTiming,
  claim: Claim,
  end: AttemptEnd,
): Promise<AssignmentId | null> {
  if (end === "crashed") {
    await reconcile(deps, { crashLimit: timing.crashLimit });
    return null;
  }
  const asked = await advanceExperiment(deps.store, deps.ids, claim.experiment.id);
  if (end !== "completed" || asked.length !== 1) await relayOutbox(deps);
  return end === "completed" ? (asked[0] ?? null) : null;
}

async function untilReachable<Value>(deps: CarryOutDependencies, timing: CarryOutTiming, act: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      const error: RightsizeError = asRightsizeError(thrown);
      if (error.code !== "unavailable") throw error;
      deps.log("warn", "waiting for a part of the service", { error: error.message });
      await new Promise((resolve) => setTimeout(resolve, timing.retryMs));
    }
  }
}

/** What a finalise run needs to know of the whole experiment. */
async function wholeExperiment(store: Store, id: ExperimentId): Promise<Pick<TrainingWork, "members" | "trials" | "verdict">> {
  const snapshot = await store.experiments.snapshot(id);
  if (snapshot === null) return { members: [] };
  const last = snapshot.decisions.at(-1)?.decision;
  const verdict = last?.action === "FINISH" ? { verdict: last.verdict } : {};
  return { members: deliveredRuns(snapshot), trials: trialRows(snapshot.trials), ...verdict };
}

function trialRows(trials: readonly Trial[]): readonly TrialRow[] {
  return trials.flatMap(({ number, capacity, parameterCount, score, metrics, nextStep, verdict, winner }) =>
    number === null ? [] : [{ number, capacity, parameterCount, score, metrics, nextStep, verdict, winner }],
  );
}

/** Everything the trainer needs, as plain data. */
async function trainingWork(store: Store, claim: Claim): Promise<TrainingWork> {
  const { experiment, trial } = claim;
  const dataset = await store.datasets.find(experiment.owner, experiment.spec.dataset);
  if (dataset === null) throw new Error(`dataset ${experiment.spec.dataset} of experiment ${experiment.id} is gone`);
  return {
    experimentId: experiment.id,
    spec: experiment.spec,
    plan: experiment.plan,
    columnsArtifact: dataset.columnsArtifact,
    trialNumber: trial.number,
    capacity: trial.capacity,
    recipe: trial.recipe,
    runs: claim.runs.map((run) => ({
      runId: run.id,
      purpose: run.purpose,
      seed: run.seed,
      fold: run.fold,
      learningRate: run.learningRate,
      ...(run.maxEpochs === undefined ? {} : { maxEpochs: run.maxEpochs }),
      checkpoints: claim.checkpoints.flatMap(({ runId, artifact, epoch }) => (runId === run.id ? [{ artifact, epoch }] : [])),
    })),
    ...(claim.runs.some(({ purpose }) => purpose === "finalise") ? await wholeExperiment(store, experiment.id) : { members: [] }),
  };
}
