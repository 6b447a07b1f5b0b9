/** Guesses what a person wants to predict; a suggestion only. */
import type { ColumnProfile, Task } from "@rightsize/core";

const targetNames = /^(target|label|labels|class|y|outcome|response|survived|income|species|diagnosis|churn|price|quality)$/i;
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

/** A column named like a target, else the last that can be one, else nothing. */
export function suggestTarget(columns: readonly ColumnProfile[]): { readonly target: string; readonly task: Task } | null {
  const usable = columns.flatMap((profile) => {
    const task = suggestTask(profile);
    return task === null || profile.warnings.some((warning) => warning.startsWith("identifier")) ? [] : [{ target: profile.name, task }];
  });
  return usable.find(({ target }) => targetNames.test(target)) ?? usable.at(-1) ?? null;
}
