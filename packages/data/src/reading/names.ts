/** Column names must be there, differ, and be few enough. */
import { type Issue, RightsizeError } from "@rightsize/core";
import type { DataLimits } from "../limits.ts";

/** Throws `too_large` or `unreadable_data` with every name that is wrong. */
export function checkNames(names: readonly string[], limits: DataLimits, where: string): void {
  if (names.length > limits.maxColumnCount) {
    throw new RightsizeError("too_large", `The table has ${names.length} columns.`, {
      issues: [{ where, received: `${names.length} columns`, required: `at most ${limits.maxColumnCount} columns` }],
    });
  }
  const firstOf = new Map<string, number>();
  const issues: Issue[] = [];
  names.forEach((name, index) => {
    const earlier = firstOf.get(name);
    if (name === "") {
      issues.push({ where: `${where}, column ${index + 1}`, received: "an empty column name", required: "a name for every column" });
    } else if (name.length > 1000) {
      issues.push({ where: `${where}, column ${index + 1}`, received: `a name of ${name.length} characters`, required: "at most 1000" });
    } else if (earlier !== undefined) {
      issues.push({
        where: `${where}, column ${index + 1}`,
        received: `the name ${JSON.stringify(name)} again (first in column ${earlier + 1})`,
        required: "a different name for every column",
      });
    } else firstOf.set(name, index);
  });
  if (issues.length > 0) throw new RightsizeError("unreadable_data", "The column names can't be used.", { issues: issues.slice(0, 20) });
}
