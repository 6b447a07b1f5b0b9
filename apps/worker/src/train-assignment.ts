/** Trains an assignment's runs, small networks of one fold side by side: prepares the table, trains, stores the best weights, reports. The body of every trainer. */
import {
  type ArtifactStore,
  type Engine,
  parameterCount,
  RightsizeError,
  type RunResult,
  recipeOfRun,
  type Symptom,
  type TrainerObserver,
  type TrainingRun,
  type TrainingWork,
  trainsTogether,
} from "@rightsize/core";
import { serialiseWeights, type TogetherRun, type TrainOutcome, trainRuns } from "@rightsize/engine";
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
      const foldOf = (fold: number) => prepared(work.columnsArtifact, work.plan.artifact, fold);
      for (const runs of groupsOf(work)) {
        if (signal.aborted) return "stopped";
        const contexts: RunContext[] = [];
        for (const run of runs) contexts.push({ ...deps, engine, work, run, data: await foldOf(run.fold) });
        const [first] = contexts as [RunContext];
        const ended =
          first.run.purpose === "finalise" ? await finaliseRun(first, foldOf, observer, signal) : await fitRuns(contexts, observer, signal);
        if (ended === "stopped") return "stopped";
      }
      return "done";
    },
  };
}

/** Runs that are handed to the engine together: those of one fold where their networks are small, each alone where not. */
function groupsOf({ spec, plan, capacity, recipe, runs }: TrainingWork): readonly (readonly TrainingRun[])[] {
  const small = spec.engine.name === "onnx" && trainsTogether(parameterCount(plan.inputs, capacity, plan.outputs), recipe);
  const groups: TrainingRun[][] = [];
  for (const run of runs) {
    const joined = groups.find(
      ([first]) => small && run.purpose !== "finalise" && first?.purpose !== "finalise" && first?.fold === run.fold,
    );
    if (joined === undefined) groups.push([run]);
    else joined.push(run);
  }
  return groups;
}

/** Trains runs of one fold; each result is told as soon as its run ends, whatever the others do. */
async function fitRuns(contexts: readonly RunContext[], observer: TrainerObserver, signal: AbortSignal): Promise<"done" | "stopped"> {
  const runs: TogetherRun[] = [];
  for (const context of contexts) runs.push(await togetherRun(context, observer, signal));
  const outcomes = await trainRuns((contexts[0] as RunContext).engine, runs);
  return outcomes.some(({ kind }) => kind === "stopped") ? "stopped" : "done";
}

async function togetherRun(context: RunContext, observer: TrainerObserver, signal: AbortSignal): Promise<TogetherRun> {
  const { work, run, data, artifacts, checkpointEveryMs, now } = context;
  return {
    job: {
      network: networkOf(context),
      tensors: data.fold.tensors,
      rows: data.fold.rows,
      target: data.fold.target,
      seed: run.seed,
      learningRate: run.learningRate,
      recipe: recipeOfRun(work.recipe, run),
      spec: work.spec,
      checkpoint: await checkpointBytes(artifacts, run),
    },
    hooks: {
      onEpoch: (epoch) => observer.onEpochs([{ runId: run.runId, ...epoch }]),
      onCheckpoint: async (bytes, epoch) => {
        const { id } = await artifacts.put(bytes);
        observer.onCheckpoint({ runId: run.runId, artifact: id, epoch });
      },
      checkpointEveryMs,
      signal,
      now,
    },
    onEnd: (outcome) => tellEnd(context, outcome, observer),
  };
}

/** Stores the best weights and tells the result; nothing of a run that was stopped. */
async function tellEnd({ run, artifacts }: RunContext, outcome: TrainOutcome, observer: TrainerObserver): Promise<void> {
  switch (outcome.kind) {
    case "stopped":
      return;
    case "diverged":
      return observer.onRunEnd(run.runId, { state: "DIVERGED", result: { ...outcome.result, weightsArtifact: null } });
    case "completed": {
      const { id } = await artifacts.put(serialiseWeights(outcome.weights));
      const result = run.maxEpochs === undefined ? outcome.result : meantToEnd(outcome.result);
      return observer.onRunEnd(run.runId, { state: "COMPLETED", result: { ...result, weightsArtifact: id } });
    }
    default:
      return outcome satisfies never;
  }
}

/** What a run tells of its length: nothing of one that was cut short on purpose. */
const symptomsOfLength: readonly Symptom[] = ["capped", "underfitting", "overfitting"];

/** The result of a run that was cut short: that it was still improving is what it was meant to be. */
function meantToEnd<Result extends Pick<RunResult, "capped" | "diagnostics">>(result: Result): Result {
  const { diagnostics } = result;
  if (diagnostics === null) return { ...result, capped: false };
  const symptoms = diagnostics.symptoms.filter(({ symptom }) => !symptomsOfLength.includes(symptom));
  return { ...result, capped: false, diagnostics: { ...diagnostics, symptoms } };
}

/** The newest checkpoint whose bytes are whole. Where none is, the run starts from its beginning: that costs time and never a bit. */
async function checkpointBytes(artifacts: ArtifactStore, { checkpoints }: TrainingRun): Promise<Uint8Array | null> {
  for (const { artifact } of checkpoints) {
    const bytes = await artifacts.read(artifact).catch(() => null);
    if (bytes !== null) return bytes;
  }
  return null;
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
