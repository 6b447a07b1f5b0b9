/** An earlier experiment's question as a draft of a new one: the same question, whatever the form has fields for. */
import type { ExperimentView } from "@rightsize/contract";
import { defaultFeatures, defaultRecipe, type ExperimentSpec, type Recipe } from "@rightsize/core";
import { type Draft, emptyDraft } from "./request-draft.ts";

/** Members of a recipe that the form has fields for. */
const recipeFields = ["activation", "optimizer", "learningRate", "batchSize", "maxEpochs", "patience", "l2", "dropoutFraction"] as const;

const text = (value: number | null | undefined) => (value === undefined || value === null ? "" : String(value));
const percentText = (value: number | undefined, otherwise: string) =>
  value === undefined ? otherwise : String(Number((value * 100).toPrecision(6)));

/** A draft that asks an experiment's question again. */
export function draftFrom(experiment: ExperimentView): Draft {
  const spec = experiment.spec as Partial<ExperimentSpec>;
  const { features, recipe, limits } = spec;
  return {
    ...emptyDraft,
    ...splitFields(spec.split),
    dataset: experiment.dataset,
    target: experiment.target,
    task: experiment.task,
    name: `${experiment.name}, again`.slice(0, 200),
    preset: experiment.preset,
    parameters: Object.keys(spec.search?.parameters ?? {}).length === 0 ? "" : JSON.stringify(spec.search?.parameters),
    exclude: features?.exclude ?? [],
    delivery: spec.delivery?.kind ?? "",
    patience: text(recipe?.patience),
    maxEpochs: text(recipe?.maxEpochs),
    learningRates: ratesText(recipe?.learningRate),
    probeEpochs: recipe?.learningRate?.kind === "probe" ? String(recipe.learningRate.epochs) : "",
    optimizer: recipe?.optimizer?.kind ?? "",
    activation: recipe?.activation ?? "",
    batchSize: typeof recipe?.batchSize === "number" ? String(recipe.batchSize) : "",
    l2: recipe?.l2 ? String(recipe.l2) : "",
    dropoutPercent: recipe?.dropoutFraction ? percentText(recipe.dropoutFraction, "") : "",
    earlier: earlierOf(spec),
    scale: features?.scale ?? "",
    logTarget: features?.logTarget ?? false,
    engine: experiment.engine === "onnx" || experiment.engine === "tensorflow" ? experiment.engine : "",
    maxTrials: text(limits?.maxTrials),
    maxParameters: text(limits?.maxParameterCount),
    cpuSeconds: text(limits?.cpuSeconds),
    wallSeconds: text(limits?.wallSeconds),
    seed: text(spec.seed) || "0",
  };
}

function splitFields(split: ExperimentSpec["split"] | undefined): Partial<Draft> {
  if (split === undefined) return {};
  if (split.kind === "rows") return { splitKind: "rows" };
  return {
    splitKind: split.kind,
    splitColumn: "column" in split ? split.column : "",
    validationPercent: percentText("validationFraction" in split ? split.validationFraction : undefined, "30"),
    testPercent: percentText(split.testFraction, "20"),
    stratify: "stratify" in split && split.stratify,
    ...("folds" in split ? { folds: String(split.folds) } : {}),
  };
}

function ratesText(rate: Recipe["learningRate"] | undefined): string {
  switch (rate?.kind) {
    case "fixed":
      return String(rate.value);
    case "sweep":
    case "probe":
      return rate.values.join(", ");
    default:
      return "";
  }
}

/** What differs from the defaults and has no field: without it the question would be another one. */
function earlierOf({ split, features, recipe, delivery }: Partial<ExperimentSpec>): Draft["earlier"] {
  return JSON.parse(
    JSON.stringify({
      split: split?.kind === "rows" ? split : undefined,
      features: features === undefined ? undefined : unusual(features, defaultFeatures, ["exclude", "scale", "logTarget"]),
      recipe: recipe === undefined ? undefined : { ...unusual(recipe, defaultRecipe, recipeFields), optimizer: recipe.optimizer },
      delivery,
    }),
  ) as Draft["earlier"];
}

/** Members that differ from the usual ones, but for those that have a field. */
function unusual<Part extends object>(part: Part, usual: Part, fields: readonly (keyof Part)[]): Partial<Part> {
  const rest = (Object.entries(part) as [keyof Part, unknown][]).filter(
    ([name, value]) => !fields.includes(name) && JSON.stringify(value) !== JSON.stringify(usual[name]),
  );
  return Object.fromEntries(rest) as Partial<Part>;
}

/** The draft for so many splits of one network (`2x250`): a grid of one, fitted once on each split. */
export function withSplits(draft: Draft, splits: string, size: string): Draft {
  const [hiddenLayers = 1, nodes = 0] = size.split("x").map(Number);
  return {
    ...draft,
    name: `${draft.name.replace(/, again$/, "")}, ${splits} splits of ${hiddenLayers}×${nodes}`.slice(0, 200),
    preset: "grid",
    parameters: JSON.stringify({ hiddenLayers: [hiddenLayers], nodesPerLayer: [Math.max(1, nodes)], fits: Number(splits) }),
    splitKind: "folds",
    folds: splits,
  };
}
