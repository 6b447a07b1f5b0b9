/** Plays a scripted run: its losses come from the script, so that whole experiments can be tested against known tables. */
import type { Metrics, NetworkSession, NetworkSpec, Scores } from "@rightsize/core";
import type { TrainHooks, TrainJob, TrainOutcome } from "../train-job.ts";
import { zeroWeights } from "./zero-network.ts";

/** What one run does. */
export interface ScriptedPlay {
  readonly score: number;
  readonly epochs: number;
  readonly epochMs: number;
  readonly fails: "diverges" | "crashes" | null;
}
export interface ScriptedSession extends NetworkSession {
  readonly play: ScriptedPlay;
  /** Ends the process, as a crash would. */
  crash(): void;
  /** Resolves after a time, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
export function isScripted(session: NetworkSession): session is ScriptedSession {
  return "play" in session;
}

/** The loss falls to the score at the last epoch, which is the best one: score × (1 + what is left / all). */
const lossAt = (play: ScriptedPlay, epoch: number) =>
  epoch === play.epochs ? play.score : play.score + (Math.abs(play.score) * (play.epochs - epoch)) / play.epochs;

/** Plays to the end; a checkpoint holds the epochs that are done, and the moment: no two are the same bytes, as with real engines. */
export async function playRun(session: ScriptedSession, job: TrainJob, hooks: TrainHooks): Promise<TrainOutcome> {
  const { play } = session;
  const startedAt = hooks.now();
  let checkpointAt = startedAt;
  let epoch = job.checkpoint ? Math.min(play.epochs - 1, Number.parseInt(new TextDecoder().decode(job.checkpoint), 10) || 0) : 0;
  const ended = (score: number | null, reason: string | null) => ({
    validationLoss: score,
    trainingLoss: score,
    metrics: score === null ? null : scriptedMetrics(job.network, score),
    epochs: epoch,
    bestEpoch: epoch,
    capped: false,
    diagnostics: null,
    cost: epoch * job.rows.training.length,
    trainMs: hooks.now() - startedAt,
    reason,
  });
  const every = hooks.metricsEveryEpochs ?? 1;
  const metricsAt = (at: number, loss: number) => (every > 0 && at % every === 0 ? { metrics: scriptedMetrics(job.network, loss) } : {});
  while (epoch < play.epochs) {
    if (hooks.signal.aborted) return { kind: "stopped" };
    await session.sleep(play.epochMs, hooks.signal);
    if (hooks.signal.aborted) return { kind: "stopped" };
    epoch++;
    if (epoch === play.epochs && play.fails === "crashes") session.crash();
    if (epoch === play.epochs && play.fails === "diverges") {
      return { kind: "diverged", result: ended(null, `the script says that this run diverges in epoch ${epoch}`) };
    }
    const loss = lossAt(play, epoch);
    hooks.onEpoch({ epoch, trainingLoss: loss, validationLoss: loss, learningRate: job.learningRate, ...metricsAt(epoch, loss) });
    if (epoch < play.epochs && hooks.onCheckpoint !== undefined && hooks.now() - checkpointAt >= (hooks.checkpointEveryMs ?? 30_000)) {
      await hooks.onCheckpoint(new TextEncoder().encode(`${epoch} at ${hooks.now()}`), epoch);
      checkpointAt = hooks.now();
    }
  }
  return { kind: "completed", result: ended(play.score, null), weights: zeroWeights(job.network) };
}

export function scriptedScores(session: ScriptedSession, network: NetworkSpec): Scores {
  return { loss: session.play.score, metrics: scriptedMetrics(network, session.play.score) };
}

function scriptedMetrics(network: NetworkSpec, score: number): Metrics {
  if (network.task === "classification") return { logLoss: score };
  return { meanSquaredError: score, rootMeanSquaredError: Math.sqrt(Math.abs(score)) };
}
