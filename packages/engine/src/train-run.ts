/** The train loop, the same for every engine: epochs, batch order, early stopping, best weights, checkpoints, cancellation. */
import {
  type Engine,
  endedCapped,
  freshStopping,
  improves,
  type LayerWeights,
  type NetworkSession,
  type NetworkSpec,
  parameterCount,
  permutation,
  type Recipe,
  RightsizeError,
  resolveBatchSize,
  type StepBatch,
  stopsAfter,
} from "@rightsize/core";
import { type Progress, readCheckpoint, runIdentity, writeCheckpoint } from "./checkpoint.ts";
import { chunkDurationMs } from "./chunk-duration.ts";
import { diagnosedEpochs } from "./diagnosed-epochs.ts";
import { diagnose } from "./diagnostics.ts";
import { canInspect } from "./inspection.ts";
import { inspectedRows, layerDiagnostics, sampleOf } from "./layer-diagnostics.ts";
import { resolveLoss } from "./loss.ts";
import { metricsInterval } from "./metrics-interval.ts";
import { pick } from "./row-weights.ts";
import { afterEpoch, freshPlateau, scheduleFactor } from "./schedule.ts";
import { metricsOf, sessionMetrics } from "./score-rows.ts";
import { isScripted, playRun } from "./scripted/play.ts";
import type { TrainedResult, TrainHooks, TrainJob, TrainOutcome } from "./train-job.ts";

export type { EpochReport, TrainedResult, TrainHooks, TrainJob, TrainOutcome } from "./train-job.ts";

/**
 * Trains one run to its end, or until `signal` aborts (then `stopped`, within one chunk of steps).
 * A loss that is not finite is the outcome `diverged`, never an exception. Throws `invalid_request` for a loss that doesn't
 * fit the task or for empty splits, `engine_failed` where the engine does.
 */
export async function trainRun(engine: Engine, job: TrainJob, hooks: TrainHooks): Promise<TrainOutcome> {
  const resolved = resolveJob(job);
  const session = await engine.open(resolved.network, job.tensors, {
    seed: job.seed,
    ...(job.spec === undefined ? {} : { spec: job.spec }),
  });
  return trainSession(engine, session, resolved, hooks);
}

/** The job with `auto` resolved; throws `invalid_request` as trainRun does. */
export function resolveJob(job: TrainJob): TrainJob {
  const { training, validation } = job.rows;
  if (training.length === 0 || validation.length === 0) throw noRows(training.length, validation.length);
  const recipe: Recipe = {
    ...job.recipe,
    loss: resolveLoss(job.recipe.loss, job.network.task),
    batchSize: resolveBatchSize(job.recipe.batchSize, training.length),
  };
  const network: NetworkSpec = { ...job.network, recipe };
  return { ...job, network, recipe };
}

/** Trains a resolved job in a fresh session and disposes of it. */
export async function trainSession(engine: Engine, session: NetworkSession, job: TrainJob, hooks: TrainHooks): Promise<TrainOutcome> {
  try {
    return isScripted(session) ? await playRun(session, job, hooks) : await train(engine, session, job, hooks);
  } finally {
    await session.dispose();
  }
}

async function train(engine: Engine, session: NetworkSession, job: TrainJob, hooks: TrainHooks): Promise<TrainOutcome> {
  const { recipe, rows, seed } = job;
  const trainingClock = hooks.trainingClock ?? hooks.now;
  const startedAt = trainingClock();
  const batch = recipe.batchSize as number;
  const stepCount = Math.ceil(rows.training.length / batch);
  const identity = runIdentity(engine.fingerprint, { ...job, trainingRows: rows.training, validationRows: rows.validation });

  let { progress, best } = resume(identity, session, job, hooks);
  const spentBefore = progress.trainMs;
  const trainMs = () => spentBefore + trainingClock() - startedAt;
  let checkpointAt = hooks.now();
  const checkpoint = async () => {
    if (hooks.onCheckpoint === undefined || hooks.now() - checkpointAt < (hooks.checkpointEveryMs ?? 30_000)) return;
    const bytes = writeCheckpoint(identity, { progress: { ...progress, trainMs: trainMs() }, state: session.exportState(), best });
    await hooks.onCheckpoint(bytes, progress.epoch);
    checkpointAt = hooks.now();
  };
  const cost = (epochs: number) =>
    epochs * rows.training.length * parameterCount(job.network.inputs, job.network.capacity, job.network.outputs);
  const diverged = (what: string): TrainOutcome => ({
    kind: "diverged",
    result: {
      validationLoss: null,
      trainingLoss: null,
      metrics: null,
      epochs: progress.epoch,
      bestEpoch: progress.stopping.bestEpoch,
      capped: false,
      diagnostics: { layers: [], symptoms: [{ symptom: "diverged", sentence: `Training diverged: ${what}.` }] },
      cost: cost(progress.epoch),
      trainMs: trainMs(),
      reason: `${what}, at learning rate ${job.learningRate}`,
    },
  });

  const metricsEvery = hooks.metricsEveryEpochs ?? metricsInterval(job.network, job.target, rows.training.length, rows.validation.length);
  const truths = pick(job.tensors.y, rows.validation);
  // one array for every epoch's order, and one view of it a batch: fresh ones would keep the garbage collector busy
  const order = new Int32Array(rows.training.length);
  const batches = Array.from({ length: stepCount }, (_, step) => order.subarray(step * batch, Math.min(order.length, (step + 1) * batch)));
  const isDiagnosed =
    hooks.layerDiagnostics !== false && canInspect(session) ? diagnosedEpochs(job.network, rows.training.length) : () => false;
  const sample = sampleOf(job);
  const chunkMs = hooks.chunkMs ?? chunkDurationMs(job.network);
  let stepsPerChunk = hooks.chunkSteps ?? 4;
  for (;;) {
    const diagnosed = isDiagnosed(progress.epoch);
    let beforeLastStep: readonly LayerWeights[] = [];
    const learningRate = job.learningRate * scheduleFactor(recipe.schedule, progress.epoch, progress.plateau);
    permutation(order.length, seed, "batch_order", progress.epoch, 0, order);
    for (let at = 0; at < order.length; at++) order[at] = rows.training[order[at] as number] as number;

    while (progress.stepsDone < stepCount) {
      if (hooks.signal.aborted) return { kind: "stopped" };
      const first = progress.stepsDone;
      // a chunk of its own for the last step of an epoch that is looked at: its update is one of the numbers
      const lastAlone = diagnosed && first < stepCount - 1;
      if (diagnosed && !lastAlone) beforeLastStep = session.weights();
      const end = Math.min(lastAlone ? stepCount - 1 : stepCount, first + stepsPerChunk);
      const steps = stepsOf(batches, learningRate, (progress.epoch - 1) * stepCount, first, end);
      const chunkStart = hooks.now();
      const losses = await session.train(steps);
      let lossSum = progress.lossSum;
      for (let index = 0; index < steps.length; index++) {
        const loss = losses[index] as number;
        if (!Number.isFinite(loss)) return diverged(`the training loss was ${loss} in epoch ${progress.epoch}, step ${first + index + 1}`);
        lossSum += loss * (steps[index] as StepBatch).rows.length;
      }
      progress = { ...progress, stepsDone: first + steps.length, lossSum };
      stepsPerChunk = hooks.chunkSteps ?? nextChunk(stepsPerChunk, steps.length, hooks.now() - chunkStart, chunkMs);
      if (progress.stepsDone < stepCount) await checkpoint();
    }

    if (hooks.signal.aborted) return { kind: "stopped" };
    const trainingLoss = progress.lossSum / rows.training.length;
    const withMetrics = metricsEvery > 0 && progress.epoch % metricsEvery === 0;
    const { loss: validationLoss, predictions } = await validate(session, rows.validation, withMetrics);
    if (!Number.isFinite(validationLoss)) return diverged(`the validation loss was ${validationLoss} after epoch ${progress.epoch}`);
    const { epoch } = progress;
    const metrics = predictions === null ? {} : { metrics: metricsOf(job.network, predictions, truths, job.target) };
    const layers = diagnosed && canInspect(session) ? await session.inspect(sample.subarray(0, inspectedRows)) : null;
    const diagnostics =
      layers === null ? {} : { diagnostics: layerDiagnostics(layers, recipe.activation, beforeLastStep, session.weights()) };
    hooks.onEpoch({ epoch, trainingLoss, validationLoss, learningRate, ...metrics, ...diagnostics });
    let { stopping, bestTrainingLoss } = progress;
    if (improves(stopping, validationLoss, recipe.minDelta)) {
      stopping = { bestLoss: validationLoss, bestEpoch: epoch };
      bestTrainingLoss = trainingLoss;
      best = session.weights();
    }
    const plateau = afterEpoch(recipe.schedule, progress.plateau, validationLoss);
    progress = { ...progress, epoch: epoch + 1, stepsDone: 0, lossSum: 0, stopping, bestTrainingLoss, plateau };

    if (stopsAfter(stopping, epoch, recipe)) {
      const weights = best as readonly LayerWeights[];
      session.setWeights(weights);
      const capped = endedCapped(stopping, epoch, recipe);
      const result: TrainedResult = {
        validationLoss: stopping.bestLoss,
        trainingLoss: bestTrainingLoss,
        metrics: await sessionMetrics(session, job.network, job.tensors, job.target, rows.validation),
        epochs: epoch,
        bestEpoch: stopping.bestEpoch,
        capped,
        diagnostics: await diagnose(session, job, sample, { stopping, epochs: epoch, steps: epoch * stepCount, capped }),
        cost: cost(epoch),
        trainMs: trainMs(),
        reason: null,
      };
      return { kind: "completed", result, weights };
    }
    await checkpoint();
  }
}

/** The validation loss, and the predictions it was made of where they are wanted. */
async function validate(
  session: NetworkSession,
  rows: Int32Array,
  withPredictions: boolean,
): Promise<{ readonly loss: number; readonly predictions: Float32Array | null }> {
  if (!withPredictions) return { loss: await session.evaluate(rows), predictions: null };
  if (canInspect(session)) return session.evaluateAndPredict(rows);
  return { loss: await session.evaluate(rows), predictions: await session.predict(rows) };
}

function resume(
  identity: ReturnType<typeof runIdentity>,
  session: NetworkSession,
  job: TrainJob,
  hooks: TrainHooks,
): { progress: Progress; best: readonly LayerWeights[] | null } {
  const cold: Progress = {
    epoch: 1,
    stepsDone: 0,
    lossSum: 0,
    stopping: freshStopping,
    bestTrainingLoss: 0,
    plateau: freshPlateau,
    trainMs: 0,
  };
  if (job.checkpoint === undefined || job.checkpoint === null) return { progress: cold, best: null };
  const read = readCheckpoint(identity, job.checkpoint);
  if ("refused" in read) {
    hooks.onCheckpointRefused?.(read.refused);
    return { progress: cold, best: null };
  }
  session.importState(read.state);
  return { progress: read.progress, best: read.best };
}

/** Steps `from` to `to` (from 0 within the epoch) over the epoch's batches; `before` steps were taken in earlier epochs. */
function stepsOf(batches: readonly Int32Array[], learningRate: number, before: number, from: number, to: number): StepBatch[] {
  return batches.slice(from, to).map((rows, index) => ({ rows, learningRate, step: before + from + index + 1 }));
}

/** Grows or shrinks the chunk towards `targetMs`, at most four-fold at once. */
function nextChunk(now: number, taken: number, tookMs: number, targetMs: number): number {
  if (taken < now && tookMs < targetMs) return now;
  const factor = Math.min(4, Math.max(0.25, targetMs / Math.max(tookMs, 0.01)));
  return Math.max(1, Math.min(4096, Math.floor(taken * factor)));
}

function noRows(training: number, validation: number): RightsizeError {
  return new RightsizeError("invalid_request", "A run needs training rows and validation rows.", {
    issues: [{ where: "/split", received: `${training} training rows, ${validation} validation rows`, required: "at least 1 of each" }],
  });
}
