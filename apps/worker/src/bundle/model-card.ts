/** The model card: what the model was trained on and how, every trial, scores beside the baselines, versions. As JSON and as Markdown. */
import { type Answer, capacityText, type Scores, type TrainingWork } from "@rightsize/core";
import { prettyText } from "./pipeline.ts";

/** Of the bundle's layout and of this card. */
export const cardFormat = "rightsize-model-card/1";

export interface Versions {
  readonly engineFingerprint: string;
  readonly node: string;
}

export type CardAnswer = Omit<Answer, "modelArtifact" | "evaluationArtifact">;

export interface ModelCard {
  readonly format: typeof cardFormat;
  /** Named, without its id: the same question with the same outcome gives the same bytes, whoever asks it. */
  readonly experiment: { readonly name: string };
  readonly data: Readonly<Record<string, unknown>>;
  readonly question: Readonly<Record<string, unknown>>;
  readonly recipe: TrainingWork["recipe"];
  readonly trials: NonNullable<TrainingWork["trials"]>;
  readonly answer: CardAnswer;
  readonly versions: Versions;
}

export function modelCard(work: TrainingWork, answer: CardAnswer, versions: Versions): ModelCard {
  const { spec, plan } = work;
  const { trainingRows, validationRows, testRows, folds, droppedRows, featureColumns, leftOut, classes, inputs } = plan;
  // Experiments of before there were any have none.
  const warnings = plan.warnings ?? [];
  return {
    format: cardFormat,
    experiment: { name: spec.name },
    data: {
      sha256: spec.dataset,
      plan: plan.artifact,
      ...{ trainingRows, validationRows, testRows, folds, droppedRows, featureColumns, leftOut, classes, inputs, warnings },
    },
    question: {
      ...{ target: spec.target, task: spec.task, features: spec.features, split: splitOf(spec.split) },
      ...{ search: spec.search, engine: spec.engine.name, limits: spec.limits, delivery: spec.delivery, seed: spec.seed },
    },
    recipe: work.recipe,
    trials: work.trials ?? [],
    answer,
    versions,
  };
}

/** Row numbers given by hand may be millions; the plan's hash names them. */
function splitOf(split: TrainingWork["spec"]["split"]): unknown {
  if (split.kind !== "rows") return split;
  return { kind: "rows", training: split.training.length, validation: split.validation.length, test: split.test.length };
}

/** A score that overflowed is null: no card fails an experiment that has its answer. */
export const cardJson = (card: ModelCard): string => prettyText(JSON.parse(JSON.stringify(card)));

export function cardMarkdown(card: ModelCard, work: TrainingWork): string {
  const { answer } = card;
  const { spec, plan } = work;
  const regression = spec.task === "regression";
  const unit = regression ? "Mean squared error" : "Log loss";
  const scoreRow = (name: string, validation: Scores | null, test: Scores | null) =>
    `| ${name} | ${shown(validation, regression)} | ${shown(test, regression)} |`;
  const trials = card.trials.map(
    ({ number, capacity, parameterCount, score, metrics, nextStep, winner }) =>
      `| ${number} | ${capacity.hiddenLayers} | ${capacity.nodesPerLayer} | ${parameterCount} | ${shortNumber(
        (regression ? metrics?.meanSquaredError : metrics?.logLoss) ?? score,
      )} | ${nextStep === null ? "" : nextStepWords[nextStep]}${winner ? " (chosen)" : ""} |`,
  );
  const members = answer.delivered.members.map(
    ({ trial, capacity, seed, fold, validationLoss }) =>
      `| ${trial} | ${capacityText(capacity)} | ${seed} | ${fold} | ${shortNumber(validationLoss)} |`,
  );
  return `# Model card: ${oneLine(spec.name)}

${answer.sentence}

## Data

- Dataset, SHA-256: \`${spec.dataset}\`
- Predicts ${oneLine(spec.target)} (${spec.task}) from ${plan.featureColumns.length} columns, ${plan.inputs} inputs
- ${plan.trainingRows} rows train, ${plan.validationRows} validate, ${plan.testRows} test${plan.folds > 1 ? `; ${plan.folds} folds` : ""}; ${plan.droppedRows} rows without a target were dropped
${plan.leftOut.map(({ name, reason }) => `- Left out ${oneLine(name)}: ${reason}`).join("\n")}
${(plan.warnings ?? []).map((warning) => `- Warning: ${oneLine(warning)}`).join("\n")}

## Scores

${unit}${regression ? " in the target's own unit" : ""}; the test rows were read once, at the end.

| Model | Validation | Test |
|---|---:|---:|
${[
  scoreRow(
    answer.delivered.kind === "single" ? "This model" : `This model, the mean of ${answer.delivered.members.length}`,
    answer.validation,
    answer.test,
  ),
  ...(answer.delivered.kind === "single" || answer.single === null
    ? []
    : [scoreRow("The best network alone", answer.single.validation, answer.single.test)]),
  ...answer.baselines.map(({ name, validation, test }) => scoreRow(name === "mean" ? "Mean predictor" : "Linear model", validation, test)),
].join("\n")}

## Networks

| Trial | Size | Seed | Fold | Validation loss |
|---:|---|---:|---:|---:|
${members.join("\n")}

## Trials

| Trial | Hidden layers | Nodes per layer | Parameters | ${unit} | Next step |
|---:|---:|---:|---:|---:|---|
${trials.join("\n")}

## Recipe

\`\`\`json
${prettyText(work.recipe).trimEnd()}
\`\`\`

## Versions

- Engine: ${card.versions.engineFingerprint}
- Node.js: ${card.versions.node}
- Seed ${spec.seed}, search ${spec.search.preset}
`;
}

const nextStepWords = { INCREASE_CAPACITY: "Increase capacity", DECREASE_CAPACITY: "Decrease capacity", DONE: "Done" } as const;
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");
const shortNumber = (value: number | null | undefined) => (value == null ? "–" : String(Number(value.toPrecision(5))));
const shown = (scores: Scores | null, regression: boolean) =>
  scores === null ? "–" : shortNumber((regression ? scores.metrics.meanSquaredError : scores.metrics.logLoss) ?? scores.loss);
