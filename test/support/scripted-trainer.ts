/** A Trainer in place of a child process: plays an experiment's script at once, without data, engine or time. */
import {
  type RunResult,
  type Script,
  type ScriptedRun,
  type Sha256,
  sameCapacity,
  type Trainer,
  type TrainingRun,
  type TrainingWork,
} from "@rightsize/core";

export interface ScriptedTrainer extends Trainer {
  /** Runs trained so far, as `capacity seed`, in order. */
  readonly trained: readonly string[];
}

export interface ScriptedTrainerOptions {
  /** Comes between any two epochs; with it each epoch is told by itself, with a checkpoint to go on from. */
  readonly pause?: () => Promise<void>;
  /** What a run does, from the script's line for it: for what scripts don't know, learning rates. */
  readonly play?: (scripted: ScriptedRun, run: TrainingRun) => ScriptedRun;
}

/** Runs that are cut short end there; all others last as long as their script says. */
export function createScriptedTrainer({ pause, play = (scripted) => scripted }: ScriptedTrainerOptions = {}): ScriptedTrainer {
  const trained: string[] = [];
  return {
    trained,
    fingerprints: { scripted: "scripted/test" },
    async train(work, observer, signal) {
      for (const run of work.runs) {
        if (signal.aborted) return { kind: "stopped" };
        trained.push(`${work.capacity.hiddenLayers}x${work.capacity.nodesPerLayer} ${run.purpose} ${run.seed}`);
        if (run.purpose === "finalise") {
          await observer.onRunEnd(run.runId, finalised(work));
          continue;
        }
        const scripted = play(scriptedRun(work.spec.engine.script, work, run), run);
        if (scripted.fails === "crashes") return { kind: "crashed", detail: "the script says so" };
        if (scripted.fails === "diverges") {
          await observer.onRunEnd(run.runId, { state: "DIVERGED", result: { ...emptyResult, epochs: 1, reason: "the script says so" } });
          continue;
        }
        const epochs = Math.min(scripted.epochs ?? 2, run.maxEpochs ?? Number.POSITIVE_INFINITY);
        const records = Array.from({ length: epochs }, (_, index) => ({
          runId: run.runId,
          epoch: index + 1,
          trainingLoss: scripted.score,
          validationLoss: scripted.score + (epochs - index - 1),
          learningRate: run.learningRate,
        }));
        if (pause === undefined) observer.onEpochs(records);
        else
          for (const record of records.slice(run.checkpoints[0]?.epoch ?? 0)) {
            await pause();
            if (signal.aborted) return { kind: "stopped" };
            observer.onEpochs([record]);
            if (record.epoch < epochs)
              observer.onCheckpoint({ runId: run.runId, artifact: checkpointOf(trained.length, record.epoch), epoch: record.epoch });
          }
        await observer.onRunEnd(run.runId, { state: "COMPLETED", result: resultOf(scripted, epochs) });
      }
      return { kind: "done" };
    },
    close: async () => {},
  };
}

/** A name of its own for each checkpoint, as bytes of their own would have. */
const checkpointOf = (run: number, epoch: number) => `${run.toString(16)}c${epoch.toString(16)}`.padStart(64, "0") as Sha256;

const emptyResult: RunResult = {
  validationLoss: null,
  trainingLoss: null,
  metrics: null,
  epochs: 0,
  bestEpoch: 0,
  capped: false,
  diagnostics: null,
  cost: 0,
  trainMs: 0,
  weightsArtifact: null,
  reason: null,
};

function resultOf({ score, epochMs = 0 }: ScriptedRun, epochs: number): RunResult {
  return {
    ...emptyResult,
    validationLoss: score,
    trainingLoss: score,
    metrics: { meanSquaredError: score },
    epochs,
    bestEpoch: epochs,
    cost: epochs,
    // As if it had taken so long.
    trainMs: epochs * epochMs,
    weightsArtifact: "f".repeat(64) as Sha256,
  };
}

function finalised(work: TrainingWork): Parameters<Parameters<Trainer["train"]>[1]["onRunEnd"]>[1] {
  const best = work.members[0]?.result ?? null;
  const scores = { loss: best?.validationLoss ?? 1, metrics: best?.metrics ?? {} };
  return {
    state: "COMPLETED",
    result: { ...emptyResult, validationLoss: scores.loss },
    answer: {
      trial: best === null ? null : work.trialNumber,
      capacity: best === null ? null : work.capacity,
      validation: best === null ? null : scores,
      test: scores,
      delivered: { kind: "single", members: [] },
      single: null,
      baselines: [],
      beatsMean: true,
      modelArtifact: null,
      sentence: "scripted",
    },
  };
}

/** The script's line for a run: the most particular one (capacity and seed) before the general ones. */
function scriptedRun(script: Script | undefined, work: TrainingWork, run: TrainingRun): ScriptedRun {
  if (script === undefined) throw new Error("the experiment has no script");
  const ofCapacity = script.runs.filter(({ capacity }) => sameCapacity(capacity, work.capacity));
  return (
    ofCapacity.find(({ seed }) => seed === run.seed) ??
    ofCapacity.find(({ seed }) => seed === null) ?? { capacity: work.capacity, seed: null, ...script.otherwise }
  );
}
