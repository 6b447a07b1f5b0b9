/** What goes into a delivered model and what comes out, by name: the part of pipeline.json that a caller needs. */
import type { Task } from "@rightsize/core";
import type { FittedColumn, PlanFile } from "@rightsize/data";
import { comesAsNumber } from "./features-graph.ts";

/** One input tensor [N, 1], under the column's own name. */
export interface DeliveredInput {
  readonly name: string;
  readonly holds: FittedColumn["holds"];
  /** float64: numbers, and dates as milliseconds since 1970 UTC; NaN is a gap. string: texts, `true` and `false`; "" is a gap. */
  readonly tensor: "float64" | "string";
}

/** Names of the output tensors: the plain words unless a column has that name. */
export type DeliveredOutputs =
  | { readonly kind: "regression"; readonly prediction: string }
  | { readonly kind: "classification"; readonly probabilities: string; readonly label: string };

export interface DeliveredSchema {
  readonly target: string;
  readonly task: Task;
  /** In the order of the probabilities; empty for regression. */
  readonly classes: readonly string[];
  readonly inputs: readonly DeliveredInput[];
  readonly outputs: DeliveredOutputs;
}

type Plan = Pick<PlanFile, "target" | "task" | "classes" | "folds">;

export function deliveredSchema(plan: Plan): DeliveredSchema {
  const { target, task, classes } = plan;
  return { target, task, classes, inputs: deliveredInputs(plan), outputs: outputNames(plan) };
}

/** In the order of the plan's columns, which is the same in every fold. */
export function deliveredInputs(plan: Pick<Plan, "folds">): readonly DeliveredInput[] {
  return (plan.folds[0]?.columns ?? []).map((column) => ({
    name: column.name,
    holds: column.holds,
    tensor: comesAsNumber(column) ? "float64" : "string",
  }));
}

export function outputNames(plan: Pick<Plan, "task" | "folds">): DeliveredOutputs {
  const taken = new Set(plan.folds[0]?.columns.map(({ name }) => name));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  if (plan.task === "regression") return { kind: "regression", prediction: free("prediction") };
  return { kind: "classification", probabilities: free("probabilities"), label: free("label") };
}
