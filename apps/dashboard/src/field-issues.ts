/** Which field of the form an issue of the API is about, said in the field's own unit. */
import type { Problem } from "@rightsize/contract";
import type { Draft } from "./request-draft.ts";

export type FieldIssue = Pick<Problem["issues"][number], "received" | "required">;
export type FieldIssues = Partial<Record<keyof Draft, FieldIssue>>;

/** Where each field goes in the request, as a JSON pointer. */
const pointers: Partial<Record<keyof Draft, string>> = {
  target: "/target",
  task: "/task",
  name: "/name",
  preset: "/search/preset",
  parameters: "/search/parameters",
  exclude: "/features/exclude",
  scale: "/features/scale",
  splitColumn: "/split/column",
  validationPercent: "/split/validationFraction",
  testPercent: "/split/testFraction",
  stratify: "/split/stratify",
  folds: "/split/folds",
  probeEpochs: "/recipe/learningRate/epochs",
  learningRates: "/recipe/learningRate",
  patience: "/recipe/patience",
  maxEpochs: "/recipe/maxEpochs",
  batchSize: "/recipe/batchSize",
  optimizer: "/recipe/optimizer",
  activation: "/recipe/activation",
  l2: "/recipe/l2",
  dropoutPercent: "/recipe/dropoutFraction",
  delivery: "/delivery",
  engine: "/engine",
  maxTrials: "/limits/maxTrials",
  maxParameters: "/limits/maxParameterCount",
  cpuSeconds: "/limits/cpuSeconds",
  wallSeconds: "/limits/wallSeconds",
  seed: "/seed",
};
const percentFields: ReadonlySet<keyof Draft> = new Set(["validationPercent", "testPercent", "dropoutPercent"]);

/** The first issue of each field; those that are about no field are left to the problem's own list. */
export function fieldIssues(issues: Problem["issues"], draft: Draft): FieldIssues {
  const found: FieldIssues = {};
  for (const issue of issues) {
    const field = (Object.keys(pointers) as (keyof Draft)[]).find((name) => isWithin(issue.where, pointers[name] as string));
    if (field !== undefined) found[field] ??= percentFields.has(field) ? inPercent(issue, String(draft[field])) : issue;
  }
  return found;
}

const isWithin = (where: string, pointer: string) => where === pointer || where.startsWith(`${pointer}/`);

/** The API speaks of fractions where the form speaks of percent. */
function inPercent({ required }: FieldIssue, typed: string): FieldIssue {
  return { received: typed.trim(), required: required.replaceAll(/\d+(\.\d+)?/g, (fraction) => `${Number(fraction) * 100} %`) };
}
