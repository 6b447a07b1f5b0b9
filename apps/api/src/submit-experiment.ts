/** An experiment's admission: the request is completed, planned on its data, and created, or refused with what is wrong. */
import { createHash } from "node:crypto";
import path from "node:path";
import type { ExperimentEstimate, ParsedExperimentRequest } from "@rightsize/contract";
import {
  canonicalText,
  type Dataset,
  defaultProbe,
  type Experiment,
  type ExperimentPlan,
  type ExperimentSpec,
  networkOutputs,
  type OwnerId,
  type Recipe,
  RightsizeError,
  type SearchSpec,
  type Sha256,
  type SplitSpec,
  type Task,
} from "@rightsize/core";
import { defaultPreset, parseSearch, presetRecipe } from "@rightsize/policy";
import type { ArtifactGate } from "./artifact-gate.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { hashFile, putFile } from "./put-file.ts";
import { storedColumns } from "./stored-columns.ts";
import { withTemporaryFolder } from "./temporary-files.ts";
import { withinWorkLimit } from "./work-limit.ts";

export interface Submission {
  readonly owner: OwnerId;
  readonly request: ParsedExperimentRequest;
  readonly idempotencyKey: string | null;
}

/** Returns the experiment and whether it is new; with an Idempotency-Key used before for the same request, the first one. */
export function experimentSubmitter(deps: ApiDependencies, gate: ArtifactGate) {
  return async (submission: Submission): Promise<{ readonly experiment: Experiment; readonly created: boolean }> => {
    const { owner } = submission;
    const idempotency = idempotencyOf(submission);
    const first = await firstOfKey(deps, owner, idempotency);
    if (first !== null) return { experiment: first, created: false };
    const { openExperiments } = deps.settings;
    const result = await withQuestion(deps, submission, async (spec, plan, storePlan) => {
      const admission = { openExperiments: openExperiments === 0 ? null : openExperiments };
      return gate.storing(async () => {
        // Equal plans share these bytes, so they stay even if the experiment isn't created: taking them back could rob another.
        await storePlan();
        return deps.createExperiment({ owner, spec, plan, idempotency, admission });
      });
    });
    if (result.created) deps.onWorkChanged?.(result.experiment.id);
    return result;
  };
}

/** What the experiment would take, after the same checks; creates and stores nothing. */
export function experimentEstimator(deps: ApiDependencies) {
  return async (submission: Submission): Promise<ExperimentEstimate> => {
    const { owner } = submission;
    await firstOfKey(deps, owner, idempotencyOf(submission));
    return withQuestion(deps, submission, async (spec, plan) => {
      const [workers, earlier] = await Promise.all([
        deps.store.workers.list(),
        deps.store.work.trainedRuns(owner, spec.dataset, runsLearnedFrom),
      ]);
      const able = workers.filter(({ live, engines }) => live && engines.includes(spec.engine.name));
      return deps.dataProcess.estimateExperiment({
        spec,
        plan,
        workers: able.map(({ slots, memoryBytes }) => ({ slots, memoryBytes })),
        earlier,
      });
    });
  };
}
/** Earlier runs that an estimate looks at. */
const runsLearnedFrom = 300;

function idempotencyOf({ request, idempotencyKey }: Submission): { readonly key: string; readonly requestHash: Sha256 } | null {
  return idempotencyKey === null ? null : { key: idempotencyKey, requestHash: hashOf(request) };
}

/** The experiment that a key's request made before. The store decides under its own lock what a key with another request means; this look only saves the planning. */
async function firstOfKey(
  deps: ApiDependencies,
  owner: OwnerId,
  idempotency: ReturnType<typeof idempotencyOf>,
): Promise<Experiment | null> {
  if (idempotency === null) return null;
  const first = await deps.store.experiments.findByIdempotencyKey(owner, idempotency.key);
  if (first !== null && first.requestHash !== idempotency.requestHash) throw usedForAnother(idempotency.key);
  return first?.experiment ?? null;
}

/** The whole question of a request, checked and planned: its spec within the service's limits, its plan, and what stores the plan's bytes. */
async function withQuestion<Result>(
  deps: ApiDependencies,
  { owner, request }: Submission,
  work: (spec: ExperimentSpec, plan: ExperimentPlan, storePlan: () => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const dataset = await deps.store.datasets.find(owner, request.dataset);
  if (dataset === null) {
    throw new RightsizeError("not_found", `There is no dataset ${request.dataset}.`, {
      issues: [{ where: "/dataset", received: request.dataset, required: "the id of an uploaded dataset" }],
    });
  }
  const spec = completeSpec(request, dataset, deps.settings.engines);
  return withPlan(deps, dataset, spec, (plan, storePlan) => work(withinWorkLimit(spec, plan, deps.settings.trainingWork), plan, storePlan));
}

/** The request with everything left out filled in: task, preset and its parameters, recipe, name. */
export function completeSpec(request: ParsedExperimentRequest, dataset: Dataset, engines: readonly string[]): ExperimentSpec {
  const search = searchOf(request);
  if (!engines.includes(request.engine.name)) {
    throw new RightsizeError("engine_unavailable", `This service has no engine ${request.engine.name}.`, {
      issues: [{ where: "/engine/name", received: request.engine.name, required: `one of ${engines.join(", ")}` }],
    });
  }
  if (request.engine.script !== undefined && request.engine.name !== "scripted") {
    throw new RightsizeError("invalid_request", "Only the scripted engine plays a script.", {
      issues: [{ where: "/engine/script", received: "a script", required: `no script with the engine ${request.engine.name}` }],
    });
  }
  const { script, name } = request.engine;
  return {
    name: request.name ?? `${request.target} of ${dataset.name}`.slice(0, 200),
    dataset: dataset.id,
    target: request.target,
    task: request.task ?? suggestedTask(request.target, dataset),
    features: request.features,
    split: request.split ?? defaultSplit(search.preset, dataset.rowCount),
    search,
    recipe: completeRecipe(search.preset, request.recipe),
    engine: script === undefined ? { name } : { name, script: scriptOf(script) },
    limits: request.limits,
    // The course's answer is its best trial; everywhere else the mean of the best runs was measured to be better.
    delivery: request.delivery ?? (search.preset === "course" ? { kind: "single" } : { kind: "mean_of_best", runs: 5 }),
    seed: request.seed,
  };
}

/** The preset's recipe with what the request says of it, and a probe's epochs, which its runs must have room for. */
function completeRecipe(preset: string, { learningRate, ...request }: ParsedExperimentRequest["recipe"]): Recipe {
  const recipe: Recipe = { ...presetRecipe(preset), ...withoutUndefined(request) };
  if (learningRate === undefined) return recipe;
  if (learningRate.kind !== "probe") return { ...recipe, learningRate };
  const { maxEpochs } = recipe;
  const { epochs = Math.min(defaultProbe.epochs, maxEpochs) } = learningRate;
  if (epochs <= maxEpochs) return { ...recipe, learningRate: { ...learningRate, epochs } };
  throw new RightsizeError("invalid_request", "A probe of learning rates is longer than the training that it is for.", {
    issues: [{ where: "/recipe/learningRate/epochs", received: String(epochs), required: `at most maxEpochs, which is ${maxEpochs} here` }],
  });
}

/** Below this many rows a single validation split says little: folds are the replicates there (preset default knows how to use them). */
const foldsBelowRows = 1000;

function defaultSplit(preset: string, rowCount: number): SplitSpec {
  const common = { testFraction: 0.2, seed: 0, stratify: false };
  if (preset === "default" && rowCount < foldsBelowRows && rowCount >= 50) return { kind: "folds", folds: 5, ...common };
  return { kind: "random", validationFraction: 0.3, ...common };
}

function searchOf(request: ParsedExperimentRequest): SearchSpec {
  const parsed = parseSearch(request.search ?? { preset: defaultPreset, parameters: {} });
  if (parsed.ok) return parsed.search;
  throw new RightsizeError("invalid_request", "The search's preset or its parameters are wrong.", { issues: parsed.issues });
}

/** Names predict classes, numbers predict numbers; a column of few whole numbers may be either, and numbers are the safe guess. */
function suggestedTask(target: string, dataset: Dataset): Task {
  const column = dataset.columns.find(({ name }) => name === target);
  if (column === undefined) {
    const names = dataset.columns.map(({ name }) => name);
    throw new RightsizeError("unusable_data", `The dataset has no column ${target}.`, {
      issues: [{ where: "/target", received: target, required: `one of the dataset's columns: ${names.slice(0, 50).join(", ")}` }],
    });
  }
  if (target === dataset.suggestedTarget && dataset.suggestedTask !== null) return dataset.suggestedTask;
  return column.type === "number" || column.type === "integer" || column.type === "date" ? "regression" : "classification";
}

/** Plans on the dataset's columns, and hands the plan on with what stores its bytes. */
async function withPlan<Result>(
  deps: ApiDependencies,
  dataset: Dataset,
  spec: ExperimentSpec,
  work: (plan: ExperimentPlan, storePlan: () => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const columnsPath = await storedColumns(deps.artifacts, dataset);
  return withTemporaryFolder(deps.settings.uploadsFolder, async (folder) => {
    const outputPath = path.join(folder, "plan");
    const { target, task, features, split, seed } = spec;
    const plan = await deps.dataProcess.planExperiment({ columnsPath, outputPath, target, task, features, split, seed });
    const outputs = outputsOf(spec, plan.outputs);
    const artifact = await hashFile(outputPath);
    return work({ ...plan, outputs, artifact }, () => putFile(deps.artifacts, outputPath, artifact));
  });
}

/** The network's outputs follow from the loss; a loss that doesn't fit the question is refused. */
function outputsOf({ recipe, task, target }: ExperimentSpec, planOutputs: number): number {
  const outputs = networkOutputs(recipe.loss, task, planOutputs);
  if (outputs !== null) return outputs;
  const question = task === "regression" ? "regression" : `classification of ${target} with ${planOutputs} classes`;
  throw new RightsizeError("invalid_request", `The loss ${recipe.loss} doesn't fit ${question}.`, {
    issues: [
      {
        where: "/recipe/loss",
        received: recipe.loss,
        required:
          task === "regression"
            ? "auto, mean_squared_error, mean_absolute_error or huber"
            : "auto, cross_entropy, or with two classes binary_cross_entropy",
      },
    ],
  });
}

function scriptOf(script: NonNullable<ParsedExperimentRequest["engine"]["script"]>) {
  return { ...script, runs: script.runs.map((run) => withoutUndefined(run)) };
}

type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };
/** The members that are there: an absent member must not hide a default. */
function withoutUndefined<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<Value>;
}

function hashOf(request: ParsedExperimentRequest): Sha256 {
  return createHash("sha256").update(canonicalText(request)).digest("hex") as Sha256;
}

function usedForAnother(key: string): RightsizeError {
  return new RightsizeError("idempotency_conflict", "This Idempotency-Key came with another request before.", {
    issues: [{ where: "header idempotency-key", received: key, required: "a key that wasn't used, or the same request as the first time" }],
  });
}
