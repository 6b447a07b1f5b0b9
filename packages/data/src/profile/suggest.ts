/** Guesses what a person wants to predict; a suggestion only. */
import type { ColumnProfile, Task } from "@rightsize/core";

/** Whole names that say what they are for. */
const targetNames = new Set(
  "target label labels class y outcome response survived survival income species diagnosis churn churned default fraud price salary wage quality".split(
    " ",
  ),
);
/** Words in the name of an amount that people ask for, where it is a number: wage_per_hour, median_house_value, Miles_per_Gallon. */
const amountWords = new Set("price prices wage wages salary value sales revenue profit yield mpg gallon".split(" "));

const fewClasses = 30;

/** The task a target's column suggests: whole numbers 0 … k − 1 or 1 … k with few values are classes; null where it can't be a target. */
export function suggestTask(profile: ColumnProfile): Task | null {
  if (profile.distinctCount < 2) return null;
  switch (profile.type) {
    case "boolean":
    case "category":
      return "classification";
    case "number":
      return "regression";
    case "integer": {
      const { minimum, maximum, distinctCount } = profile;
      const codes = (minimum === 0 || minimum === 1) && maximum === (minimum ?? 0) + distinctCount - 1;
      return codes && distinctCount <= fewClasses ? "classification" : "regression";
    }
    case "text":
    case "date":
      return null;
    default:
      return profile.type satisfies never;
  }
}

/**
 * The first column named like a target; else the last number whose name speaks of an amount that people ask for; else the first column where
 * it alone is a category among numbers (a label put in front); else the last that can be a target, else nothing.
 */
export function suggestTarget(columns: readonly ColumnProfile[]): { readonly target: string; readonly task: Task } | null {
  const usable = columns.flatMap((profile) => {
    const task = suggestTask(profile);
    return task === null || profile.warnings.some((warning) => warning.startsWith("identifier")) ? [] : [{ target: profile.name, task }];
  });
  const named = usable.find(({ target }) => targetNames.has(target.toLowerCase()));
  const amount = usable.findLast(({ target, task }) => task === "regression" && wordsOf(target).some((word) => amountWords.has(word)));
  const [first, ...rest] = columns;
  const isLabel = first?.type === "category" && rest.length > 0 && rest.every(({ type }) => type === "number" || type === "integer");
  const inFront = isLabel ? usable.find(({ target }) => target === first.name) : undefined;
  return named ?? amount ?? inFront ?? usable.at(-1) ?? null;
}

/** The words of a name, in lower case: divided by anything that is no letter or digit, and where capitals begin. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}
