/** The new-experiment form's fields, and the request that they make: only what differs from the service's defaults is said. */
import type { DatasetView, ExperimentRequest, ExperimentView } from "@rightsize/contract";

/** Every field as the form holds it; an empty text is the service's own default. */
export interface Draft {
  readonly dataset: string;
  readonly target: string;
  readonly task: "" | "regression" | "classification";
  readonly name: string;
  readonly preset: string;
  /** Parameters of the preset as JSON. */
  readonly parameters: string;
  /** Columns not to use. */
  readonly exclude: readonly string[];
  /** Percent of the rows that are not test rows. */
  readonly validationPercent: string;
  /** Percent of all rows. */
  readonly testPercent: string;
  readonly stratify: boolean;
  /** Number of splits, each part validating once; empty for one split. */
  readonly folds: string;
  readonly delivery: "" | "single" | "mean_of_best";
  readonly patience: string;
  readonly maxEpochs: string;
  /** One rate, or several divided by commas: a sweep, or probes of so many epochs where `probeEpochs` says any. */
  readonly learningRates: string;
  readonly probeEpochs: string;
  readonly optimizer: "" | "sgd" | "adam" | "adamw";
  readonly activation: "" | "relu" | "tanh" | "sigmoid" | "leaky_relu" | "elu" | "gelu";
  readonly batchSize: string;
  readonly l2: string;
  readonly dropoutPercent: string;
  readonly scale: "" | "standard" | "robust" | "none";
  readonly logTarget: boolean;
  readonly engine: "" | "onnx" | "tensorflow";
  readonly maxTrials: string;
  readonly seed: string;
}

export const emptyDraft: Draft = {
  dataset: "",
  target: "",
  task: "",
  name: "",
  preset: "",
  parameters: "",
  exclude: [],
  validationPercent: "30",
  testPercent: "20",
  stratify: false,
  folds: "",
  delivery: "",
  patience: "",
  maxEpochs: "",
  learningRates: "",
  probeEpochs: "",
  optimizer: "",
  activation: "",
  batchSize: "",
  l2: "",
  dropoutPercent: "",
  scale: "",
  logTarget: false,
  engine: "",
  maxTrials: "",
  seed: "0",
};

/** The draft for a dataset: its suggested target, and class shares kept where the task is classification. */
export function draftFor(dataset: DatasetView, before: Draft = emptyDraft): Draft {
  const target = dataset.suggestedTarget ?? dataset.columns.at(-1)?.name ?? "";
  return { ...before, dataset: dataset.id, target, task: "", exclude: [], stratify: dataset.suggestedTask === "classification" };
}

const number = (text: string): number | undefined => {
  const trimmed = text.trim();
  return trimmed === "" || !Number.isFinite(Number(trimmed)) ? undefined : Number(trimmed);
};
/** An object without its undefined members; undefined when none is left. */
function said<Part extends object>(part: Part): Part | undefined {
  const entries = Object.entries(part).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Part);
}

function learningRate(text: string, epochs: number | undefined): NonNullable<ExperimentRequest["recipe"]>["learningRate"] {
  const rates = text
    .split(/[,;\s]+/)
    .map(number)
    .filter((rate) => rate !== undefined);
  const [first] = rates;
  if (first === undefined) return epochs === undefined ? undefined : { kind: "probe", epochs };
  if (rates.length === 1) return { kind: "fixed", value: first };
  return epochs === undefined ? { kind: "sweep", values: rates } : { kind: "probe", values: rates, epochs };
}

/** The request that a draft makes. The API checks it; this only leaves out what is default or empty. */
export function requestOf(draft: Draft): ExperimentRequest {
  const percent = (text: string) => {
    const value = number(text);
    return value === undefined ? undefined : Number((value / 100).toPrecision(12));
  };
  const validationFraction = percent(draft.validationPercent);
  const testFraction = percent(draft.testPercent);
  const folds = number(draft.folds);
  const parts = said({
    folds,
    validationFraction: folds === undefined && validationFraction !== 0.3 ? validationFraction : undefined,
    testFraction: testFraction === 0.2 ? undefined : testFraction,
    stratify: draft.stratify || undefined,
  });
  const split = parts === undefined ? undefined : { kind: folds === undefined ? ("random" as const) : ("folds" as const), ...parts };
  const seed = number(draft.seed);
  const maxTrials = number(draft.maxTrials);
  return said({
    name: draft.name.trim() || undefined,
    dataset: draft.dataset,
    target: draft.target,
    task: draft.task || undefined,
    features: said({
      exclude: draft.exclude.length > 0 ? [...draft.exclude] : undefined,
      scale: draft.scale || undefined,
      logTarget: draft.logTarget || undefined,
    }),
    split,
    search: searchOf(draft),
    recipe: said({
      activation: draft.activation || undefined,
      optimizer: draft.optimizer === "" ? undefined : { kind: draft.optimizer },
      learningRate: learningRate(draft.learningRates, number(draft.probeEpochs)),
      batchSize: number(draft.batchSize),
      maxEpochs: number(draft.maxEpochs),
      patience: number(draft.patience),
      l2: number(draft.l2),
      dropoutFraction: percent(draft.dropoutPercent),
    }),
    engine: draft.engine === "" ? undefined : { name: draft.engine },
    delivery: draft.delivery === "" ? undefined : { kind: draft.delivery },
    limits: maxTrials === undefined ? undefined : { maxTrials },
    seed: seed === undefined || seed === 0 ? undefined : seed,
  }) as ExperimentRequest;
}

/** Parameters that are no JSON go as the text they are: the API says what it needs instead. */
function searchOf({ preset, parameters }: Draft): ExperimentRequest["search"] {
  if (preset === "" && parameters.trim() === "") return undefined;
  if (parameters.trim() === "") return { preset };
  let read: unknown;
  try {
    read = JSON.parse(parameters);
  } catch {
    read = parameters;
  }
  return { preset: preset || "default", parameters: read as Record<string, unknown> };
}

/** The draft for so many splits of one network (`2x250`): a grid of one, fitted once on each split. */
export function withSplits(draft: Draft, splits: string, size: string): Draft {
  const [hiddenLayers = 1, nodes = 0] = size.split("x").map(Number);
  return {
    ...draft,
    name: `${draft.name.replace(/, again$/, "")}, ${splits} splits of ${hiddenLayers}×${nodes}`.slice(0, 200),
    preset: "grid",
    parameters: JSON.stringify({ hiddenLayers: [hiddenLayers], nodesPerLayer: [Math.max(1, nodes)], fits: Number(splits) }),
    folds: splits,
  };
}

/** The same request as a curl command for a POSIX shell. */
export function curlOf(request: ExperimentRequest, origin: string): string {
  const body = JSON.stringify(request).replaceAll("'", "'\\''");
  return `curl -X POST ${origin}/v1/experiments \\\n  -H 'content-type: application/json' \\\n  -d '${body}'`;
}

/** A draft that asks an experiment's question again; what the form has no field for stays at the defaults. */
export function draftFrom(experiment: ExperimentView): Draft {
  const spec = experiment.spec as {
    features?: { exclude?: readonly string[]; scale?: Draft["scale"]; logTarget?: boolean };
    split?: { kind: string; folds?: number; validationFraction?: number; testFraction?: number; stratify?: boolean };
    search?: { parameters?: Readonly<Record<string, unknown>> };
    delivery?: { kind: "single" | "mean_of_best" };
    recipe?: {
      patience?: number;
      maxEpochs?: number;
      learningRate?: { kind: string; value?: number; values?: readonly number[]; epochs?: number };
      optimizer?: { kind: Draft["optimizer"] };
      activation?: Draft["activation"];
      batchSize?: number | "auto";
      l2?: number;
      dropoutFraction?: number;
    };
    seed?: number;
  };
  const { features, split, recipe } = spec;
  const rates = recipe?.learningRate?.values ?? (recipe?.learningRate?.value === undefined ? [] : [recipe.learningRate.value]);
  const text = (value: number | undefined) => (value === undefined ? "" : String(value));
  const percentText = (value: number | undefined, otherwise: string) =>
    value === undefined ? otherwise : String(Number((value * 100).toPrecision(6)));
  return {
    ...emptyDraft,
    dataset: experiment.dataset,
    target: experiment.target,
    task: experiment.task,
    name: `${experiment.name}, again`.slice(0, 200),
    preset: experiment.preset,
    parameters: Object.keys(spec.search?.parameters ?? {}).length === 0 ? "" : JSON.stringify(spec.search?.parameters),
    exclude: features?.exclude ?? [],
    validationPercent: percentText(split?.validationFraction, "30"),
    testPercent: percentText(split?.testFraction, "20"),
    stratify: split?.stratify ?? false,
    folds: split?.kind === "folds" ? text(split.folds) : "",
    delivery: spec.delivery?.kind ?? "",
    patience: text(recipe?.patience),
    maxEpochs: text(recipe?.maxEpochs),
    learningRates: rates.join(", "),
    probeEpochs: text(recipe?.learningRate?.epochs),
    optimizer: recipe?.optimizer?.kind ?? "",
    activation: recipe?.activation ?? "",
    batchSize: typeof recipe?.batchSize === "number" ? String(recipe.batchSize) : "",
    l2: recipe?.l2 ? String(recipe.l2) : "",
    dropoutPercent: recipe?.dropoutFraction ? percentText(recipe.dropoutFraction, "") : "",
    scale: features?.scale ?? "",
    logTarget: features?.logTarget ?? false,
    engine: experiment.engine === "onnx" || experiment.engine === "tensorflow" ? experiment.engine : "",
    seed: text(spec.seed) || "0",
  };
}
