/** Trains an assignment's runs one after another: prepares the table, trains, stores the best weights, reports. The body of every trainer. */
import {
  type ArtifactStore,
  type Engine,
  RightsizeError,
  type TrainerObserver,
  type TrainingRun,
  type TrainingWork,
} from "@rightsize/core";
import { serialiseWeights, trainRun } from "@rightsize/engine";
import { finalise } from "./finalise.ts";
import { createFoldCache, type PreparedFold } from "./fold-cache.ts";
import { networkOf, type RunContext } from "./run-context.ts";

export interface AssignmentTrainerDependencies {
  readonly engines: ReadonlyMap<string, Engine>;
  readonly artifacts: ArtifactStore;
  /** How often a running training is checkpointed, in milliseconds. */
  readonly checkpointEveryMs: number;
  /** Prepared tables that are kept for the next run, in bytes; the last one is kept whatever its size. */
  readonly keptTensorBytes: number;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
}
export interface AssignmentTrainer {
  readonly fingerprints: Readonly<Record<string, string>>;
  readonly device: string;
  /** `stopped` when the signal aborted; rejects when the assignment can't be carried out at all. */
  train(work: TrainingWork, observer: TrainerObserver, signal: AbortSignal): Promise<"done" | "stopped">;
}

export function createAssignmentTrainer(deps: AssignmentTrainerDependencies): AssignmentTrainer {
  const prepared = createFoldCache(deps.artifacts, deps.keptTensorBytes);
  const engines = [...deps.engines.values()];
  return {
    fingerprints: Object.fromEntries([...deps.engines].map(([name, engine]) => [name, engine.fingerprint])),
    device: engines.map(({ device }) => device).join(", "),
    async train(work, observer, signal) {
      const engine = engineOf(deps.engines, work);
      for (const run of work.runs) {
        if (signal.aborted) return "stopped";
        const foldOf = (fold: number) => prepared(work.columnsArtifact, work.plan.artifact, fold);
        const data = await foldOf(run.fold);
        const context: RunContext = { ...deps, engine, work, run, data };
        const ended =
          run.purpose === "finalise" ? await finaliseRun(context, foldOf, observer, signal) : await fitRun(context, observer, signal);
        if (ended === "stopped") return "stopped";
      }
      return "done";
    },
  };
}

async function fitRun(context: RunContext, observer: TrainerObserver, signal: AbortSignal): Promise<"done" | "stopped"> {
  const { engine, work, run, data, artifacts, checkpointEveryMs, now } = context;
  const outcome = await trainRun(
    engine,
    {
      network: networkOf(context),
      tensors: data.fold.tensors,
      rows: data.fold.rows,
      target: data.fold.target,
      seed: run.seed,
      learningRate: run.learningRate,
      recipe: work.recipe,
      spec: work.spec,
      checkpoint: run.checkpoint === null ? null : await checkpointBytes(artifacts, run),
    },
    {
      onEpoch: (epoch) => observer.onEpochs([{ runId: run.runId, ...epoch }]),
      onCheckpoint: async (bytes, epoch) => {
        const { id } = await artifacts.put(bytes);
        observer.onCheckpoint({ runId: run.runId, artifact: id, epoch });
      },
      checkpointEveryMs,
      signal,
      now,
    },
  );
  switch (outcome.kind) {
    case "stopped":
      return "stopped";
    case "diverged":
      await observer.onRunEnd(run.runId, { state: "DIVERGED", result: { ...outcome.result, weightsArtifact: null } });
      return "done";
    case "completed": {
      const { id } = await artifacts.put(serialiseWeights(outcome.weights));
      await observer.onRunEnd(run.runId, { state: "COMPLETED", result: { ...outcome.result, weightsArtifact: id } });
      return "done";
    }
    default:
      return outcome satisfies never;
  }
}

/** A checkpoint that is missing or torn costs only the time it would have saved: the run starts from its beginning. */
async function checkpointBytes(artifacts: ArtifactStore, run: TrainingRun): Promise<Uint8Array | null> {
  if (run.checkpoint === null) return null;
  try {
    return await artifacts.read(run.checkpoint.artifact);
  } catch {
    return null;
  }
}

async function finaliseRun(
  context: RunContext,
  foldOf: (fold: number) => Promise<PreparedFold>,
  observer: TrainerObserver,
  signal: AbortSignal,
): Promise<"done" | "stopped"> {
  const startedMs = context.now();
  const answer = await finalise(context, foldOf, signal);
  if (answer === "stopped") return "stopped";
  await observer.onRunEnd(context.run.runId, {
    state: "COMPLETED",
    answer,
    result: {
      validationLoss: answer.validation?.loss ?? null,
      trainingLoss: null,
      metrics: answer.test?.metrics ?? null,
      epochs: 0,
      bestEpoch: 0,
      capped: false,
      diagnostics: null,
      cost: 0,
      trainMs: context.now() - startedMs,
      weightsArtifact: null,
      reason: null,
    },
  });
  return "done";
}

function engineOf(engines: ReadonlyMap<string, Engine>, work: TrainingWork): Engine {
  const engine = engines.get(work.spec.engine.name);
  if (engine !== undefined) return engine;
  throw new RightsizeError("engine_unavailable", `this worker has no engine ${work.spec.engine.name}`, {
    issues: [{ where: "/engine/name", received: work.spec.engine.name, required: [...engines.keys()].join(" or ") }],
  });
}
