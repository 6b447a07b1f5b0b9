/** The new-experiment form's fields, and the request that they make: only what differs from the service's defaults is said. */
import type { DatasetView, ExperimentRequest } from "@rightsize/contract";

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
  /** Empty for the search's own split. */
  readonly splitKind: "" | NonNullable<ExperimentRequest["split"]>["kind"];
  /** Column of a split by group or time. */
  readonly splitColumn: string;
  /** Percent of the rows that are not test rows. */
  readonly validationPercent: string;
  /** Percent of all rows. */
  readonly testPercent: string;
  readonly stratify: boolean;
  /** Number of splits, each part validating once. */
  readonly folds: string;
  readonly delivery: "" | "single" | "mean_of_best";
  readonly patience: string;
  readonly maxEpochs: string;
  /** One rate, or several divided by commas: a sweep, or probes of so many epochs where `probeEpochs` says any. */
  readonly learningRates: string;
  readonly probeEpochs: string;
  readonly optimizer: "" | "sgd" | "adam" | "adamw";
  readonly activation: "" | "relu" | "tanh" | "sigmoid" | "leaky_relu" | "elu" | "gelu" | "linear";
  readonly batchSize: string;
  readonly l2: string;
  readonly dropoutPercent: string;
  readonly scale: "" | "standard" | "robust" | "none";
  readonly logTarget: boolean;
  readonly engine: "" | "onnx" | "tensorflow";
  readonly maxTrials: string;
  readonly maxParameters: string;
  readonly cpuSeconds: string;
  readonly wallSeconds: string;
  /** What an earlier question said that the form has no fields for: row numbers of a split, members of recipe and features. */
  readonly earlier: Pick<ExperimentRequest, "split" | "features" | "recipe" | "delivery">;
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
  splitKind: "",
  splitColumn: "",
  validationPercent: "30",
  testPercent: "20",
  stratify: false,
  folds: "5",
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
  maxParameters: "",
  cpuSeconds: "",
  wallSeconds: "",
  earlier: {},
  seed: "0",
};

/** The draft for a dataset: its suggested target; a split that is chosen keeps class shares where the task is classification. */
export function draftFor(dataset: DatasetView, before: Draft = emptyDraft): Draft {
  const target = dataset.suggestedTarget ?? dataset.columns.at(-1)?.name ?? "";
  const stratify = dataset.suggestedTask === "classification";
  const { split: _, features: __, ...earlier } = before.earlier;
  return { ...before, dataset: dataset.id, target, task: "", exclude: [], splitKind: "", splitColumn: "", stratify, earlier };
}

/** Text that is no number goes as the text it is: the API says what it needs instead. */
const number = (text: string): number | undefined => {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : (trimmed as unknown as number);
};
const percent = (text: string): number | undefined => {
  const value = number(text);
  return typeof value === "number" ? Number((value / 100).toPrecision(12)) : value;
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

/** The split that a draft names; undefined for the search's own. Shares that are the default anyway are left unsaid. */
function splitOf(draft: Draft): ExperimentRequest["split"] {
  const { splitKind: kind, splitColumn: column } = draft;
  const shareOf = (text: string, usual: number) => (percent(text) === usual ? undefined : percent(text));
  const testFraction = shareOf(draft.testPercent, 0.2);
  const validationFraction = shareOf(draft.validationPercent, 0.3);
  const stratify = draft.stratify || undefined;
  switch (kind) {
    case "":
      return undefined;
    case "random":
      return said({ kind, validationFraction, testFraction, stratify });
    case "folds":
      return said({ kind, folds: number(draft.folds), testFraction, stratify });
    case "group":
    case "time":
      return said({ kind, column, validationFraction, testFraction });
    case "rows":
      return draft.earlier.split;
    default:
      return kind satisfies never;
  }
}

/** A kind with the members that an earlier question gave it; without them where it is another kind now. */
function ofKind<Kind extends string, Part extends { readonly kind: string }>(kind: Kind | "", earlier: Part | undefined) {
  if (kind === "") return undefined;
  return earlier?.kind === kind ? earlier : { kind };
}

/** The request that a draft makes. The API checks it; this only leaves out what is default or empty. */
export function requestOf(draft: Draft): ExperimentRequest {
  const { earlier } = draft;
  const seed = number(draft.seed);
  return said({
    name: draft.name.trim() || undefined,
    dataset: draft.dataset,
    target: draft.target,
    task: draft.task || undefined,
    features: said({
      ...earlier.features,
      exclude: draft.exclude.length > 0 ? [...draft.exclude] : undefined,
      scale: draft.scale || undefined,
      logTarget: draft.logTarget || undefined,
    }),
    split: splitOf(draft),
    search: searchOf(draft),
    recipe: said({
      ...earlier.recipe,
      activation: draft.activation || undefined,
      optimizer: ofKind(draft.optimizer, earlier.recipe?.optimizer),
      learningRate: learningRate(draft.learningRates, number(draft.probeEpochs)),
      batchSize: number(draft.batchSize),
      maxEpochs: number(draft.maxEpochs),
      patience: number(draft.patience),
      l2: number(draft.l2),
      dropoutFraction: percent(draft.dropoutPercent),
    }),
    engine: draft.engine === "" ? undefined : { name: draft.engine },
    delivery: ofKind(draft.delivery, earlier.delivery),
    limits: said({
      maxTrials: number(draft.maxTrials),
      maxParameterCount: number(draft.maxParameters),
      cpuSeconds: number(draft.cpuSeconds),
      wallSeconds: number(draft.wallSeconds),
    }),
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

/** The same request as a curl command for a POSIX shell; a key is taken from the variable that the command line reads too. */
export function curlOf(request: ExperimentRequest, origin: string, withKey: boolean): string {
  const key = withKey ? `  -H "authorization: Bearer $RIGHTSIZE_KEY" \\\n` : "";
  const body = JSON.stringify(request).replaceAll("'", "'\\''");
  return `curl -X POST ${origin}/v1/experiments \\\n  -H 'content-type: application/json' \\\n${key}  -d '${body}'`;
}
