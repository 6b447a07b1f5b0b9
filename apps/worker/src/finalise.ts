/** The end of an experiment: reads the test split once, scores the baselines on the same rows, and stores the winner's model. */
import { type Answer, type LayerWeights, linearModel, type NetworkSpec, type Scores } from "@rightsize/core";
import { deserialiseWeights, scoreRows, trainRun } from "@rightsize/engine";
import { answerSentence } from "@rightsize/orchestrator";
import { modelFile } from "./model-file.ts";
import { networkOf, type RunContext } from "./run-context.ts";

/** The answer, or `stopped` when the signal aborted before it was complete. */
export async function finalise(context: RunContext, signal: AbortSignal): Promise<Answer | "stopped"> {
  const linear = await linearBaseline(context, signal);
  if (linear === "stopped") return "stopped";
  const mean = await bothScores(context, networkOf(context, linearModel), meanPredictor(context));
  const baselines: Answer["baselines"] = [{ name: "mean", ...mean }, ...(linear === null ? [] : [{ name: "linear" as const, ...linear }])];
  const winner = await winnerScores(context);
  const answer: Omit<Answer, "sentence"> = {
    trial: winner === null ? null : context.work.trialNumber,
    capacity: winner === null ? null : context.work.capacity,
    validation: winner?.validation ?? null,
    test: winner?.test ?? null,
    baselines,
    beatsMean: winner !== null && winner.validation.loss < mean.validation.loss,
    modelArtifact: winner?.modelArtifact ?? null,
  };
  return { ...answer, sentence: answerSentence(answer, context.work.spec.task) };
}

interface BothScores {
  readonly validation: Scores;
  /** null without a test split. */
  readonly test: Scores | null;
}

async function winnerScores(context: RunContext): Promise<(BothScores & { modelArtifact: NonNullable<Answer["modelArtifact"]> }) | null> {
  const best = context.work.winners[0];
  if (best === undefined) return null;
  const network = networkOf(context);
  const weights = deserialiseWeights(await context.artifacts.read(best.weightsArtifact));
  const { test } = await bothScores(context, network, weights);
  const { id } = await context.artifacts.put(modelFile(context, network, weights));
  const { validationLoss, metrics } = best.result;
  if (validationLoss === null || metrics === null) return null;
  // The validation score is the one that decided, as stored; only the test rows are read here.
  return { validation: { loss: validationLoss, metrics }, test, modelArtifact: id };
}

/** The linear model, trained like every other network (0 hidden layers); null where even that diverges. */
async function linearBaseline(context: RunContext, signal: AbortSignal): Promise<BothScores | null | "stopped"> {
  const { engine, work, run, data, now } = context;
  const network = networkOf(context, linearModel);
  const outcome = await trainRun(
    engine,
    {
      network,
      tensors: data.fold.tensors,
      rows: data.fold.rows,
      target: data.fold.target,
      seed: run.seed,
      learningRate: run.learningRate,
      recipe: work.recipe,
      spec: work.spec,
      checkpoint: null,
    },
    { onEpoch: () => {}, signal, now },
  );
  if (outcome.kind === "stopped") return "stopped";
  if (outcome.kind === "diverged") return null;
  return bothScores(context, network, outcome.weights);
}

/** Scores on the validation and the test rows of the fold. */
async function bothScores(context: RunContext, network: NetworkSpec, weights: readonly LayerWeights[]): Promise<BothScores> {
  const { engine, data, work } = context;
  const { tensors, target, rows } = data.fold;
  const score = (which: Int32Array) => scoreRows(engine, network, tensors, target, weights, which, work.spec);
  return { validation: await score(rows.validation), test: rows.test.length === 0 ? null : await score(rows.test) };
}

/** A linear model that ignores its inputs: the training mean (0 on the standardised target), or the classes' shares as log odds. */
function meanPredictor({ data, work }: RunContext): LayerWeights[] {
  const { tensors, rows } = data.fold;
  const { outputs } = work.plan;
  const weights = new Float32Array(tensors.inputs * outputs); // [inputs, outputs]
  const biases = new Float32Array(outputs); // [outputs]
  if (work.spec.task === "regression") return [{ weights, biases }];
  const counts = new Float64Array(Math.max(outputs, 2));
  for (const row of rows.training) {
    const label = tensors.y[row] ?? 0;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  const share = (label: number) => Math.max(counts[label] ?? 0, 0.5) / rows.training.length;
  if (outputs === 1) biases[0] = Math.log(share(1) / share(0));
  else for (let label = 0; label < outputs; label++) biases[label] = Math.log(share(label));
  return [{ weights, biases }];
}
