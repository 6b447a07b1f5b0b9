/** The end of an experiment: reads the test split once, scores the baselines on the same rows, and stores the delivered model with its evaluation. */
import { type Answer, defaultRecipe, type LayerWeights, linearModel, type NetworkSpec, type Recipe, type Scores } from "@rightsize/core";
import { scoreRows, trainRun } from "@rightsize/engine";
import { answerSentence } from "@rightsize/orchestrator";
import { modelBundle } from "./bundle/bundle.ts";
import { bestPrefix, loadMembers, type MemberModel, scoreMean } from "./delivered-model.ts";
import { evaluationBytes } from "./evaluation/evaluate.ts";
import type { PreparedFold } from "./fold-cache.ts";
import { networkOf, type RunContext } from "./run-context.ts";

/** The answer, or `stopped` when the signal aborted before it was complete. */
export async function finalise(
  context: RunContext,
  foldOf: (fold: number) => Promise<PreparedFold>,
  signal: AbortSignal,
): Promise<Answer | "stopped"> {
  const linear = await linearBaseline(context, signal);
  if (linear === "stopped") return "stopped";
  const mean = await bothScores(context, networkOf(context, linearModel), meanPredictor(context));
  const baselines: Answer["baselines"] = [{ name: "mean", ...mean }, ...(linear === null ? [] : [{ name: "linear" as const, ...linear }])];
  const { members, plan, spec, trialNumber, capacity } = context.work;
  const best = members[0];
  const nothing: Omit<Answer, "sentence"> = {
    trial: null,
    capacity: null,
    validation: null,
    test: null,
    delivered: { kind: "single", members: [] },
    single: null,
    baselines,
    beatsMean: false,
    modelArtifact: null,
    evaluationArtifact: null,
  };
  if (best === undefined) return { ...nothing, sentence: answerSentence(nothing, spec.task, context.work) };
  const loaded = await loadMembers(context, foldOf);
  // Folds have no validation rows in common: there the mean of all is taken as it is.
  const models = plan.folds === 1 ? await bestPrefix(context, loaded) : loaded;
  const single = await singleScores(context, models[0] as MemberModel);
  // A mean over folds has no validation score: each fold's validation rows trained the other folds' networks.
  const delivered = models.length === 1 ? single : await meanScores(context, models, plan.folds === 1);
  const scored = {
    ...nothing,
    trial: trialNumber,
    capacity,
    ...delivered,
    single,
    delivered: {
      kind: models.length === 1 ? ("single" as const) : ("mean_of_best" as const),
      members: models.map(({ member: { weightsArtifact: _weights, result: _result, ...run } }) => run),
    },
    // The policy knows how much chance alone gives; without its word the plain comparison stands.
    beatsMean: context.work.verdict !== "nothing_beats_mean" && single.validation.loss < mean.validation.loss,
  };
  const {
    modelArtifact: _none,
    evaluationArtifact: _neither,
    ...cardAnswer
  } = { ...scored, sentence: answerSentence(scored, spec.task, context.work) };
  const versions = { engineFingerprint: context.engine.fingerprint, node: process.version };
  const { id } = await context.artifacts.put(modelBundle(context.work, models, cardAnswer, versions));
  const evaluation = await context.artifacts.put(await evaluationBytes(context, models));
  return { ...cardAnswer, modelArtifact: id, evaluationArtifact: evaluation.id };
}

interface BothScores {
  readonly validation: Scores;
  /** null without a test split. */
  readonly test: Scores | null;
}

/** The best run alone: its validation score is the one that decided, as stored; only the test rows are read here. */
async function singleScores(context: RunContext, { member, network, weights, prepared }: MemberModel): Promise<BothScores> {
  const { validationLoss: loss, metrics } = member.result;
  const { tensors, target, rows } = prepared.fold;
  const test =
    rows.test.length === 0 ? null : await scoreRows(context.engine, network, tensors, target, weights, rows.test, context.work.spec);
  return { validation: { loss: loss ?? member.validationLoss, metrics: metrics ?? {} }, test };
}

async function meanScores(
  context: RunContext,
  models: readonly MemberModel[],
  withValidation: boolean,
): Promise<{ readonly validation: Scores | null; readonly test: Scores | null }> {
  const hasTest = (models[0]?.prepared.fold.rows.test.length ?? 0) > 0;
  return {
    validation: withValidation ? await scoreMean(context, models, ({ fold }) => fold.rows.validation) : null,
    test: hasTest ? await scoreMean(context, models, ({ fold }) => fold.rows.test) : null,
  };
}

/** Early stopping of the linear baseline, in epochs, and its learning rate (Adam on standardised features). */
const baselineEpochs = { maxEpochs: 1600, patience: 20 } as const;
const baselineLearningRate = 0.01;

/** The linear model, trained like every other network (0 hidden layers); null where even that diverges. */
async function linearBaseline(context: RunContext, signal: AbortSignal): Promise<BothScores | null | "stopped"> {
  const { engine, work, run, data, now } = context;
  // A baseline has to be at its best to be one: a sound recipe, until it stops improving, whatever the experiment studies.
  const recipe: Recipe = { ...defaultRecipe, loss: work.recipe.loss, batchSize: work.recipe.batchSize, ...baselineEpochs };
  const network = { ...networkOf(context, linearModel), recipe };
  const outcome = await trainRun(
    engine,
    {
      network,
      tensors: data.fold.tensors,
      rows: data.fold.rows,
      target: data.fold.target,
      seed: run.seed,
      learningRate: baselineLearningRate,
      recipe,
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
