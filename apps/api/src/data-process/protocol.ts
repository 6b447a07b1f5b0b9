/** What crosses between the API and its data process: plain data and paths, never bytes of tables. */
import type { Dataset, ExperimentPlan, ExperimentSpec } from "@rightsize/core";

/** What reading a file finds out. */
export type TableSummary = Pick<Dataset, "format" | "rowCount" | "columns" | "warnings" | "suggestedTarget" | "suggestedTask">;

export interface ReadTableRequest {
  readonly kind: "read_table";
  /** The uploaded file. */
  readonly path: string;
  /** The file's own name: its ending may tell the format. */
  readonly name: string;
  /** Where the columnar form goes. */
  readonly outputPath: string;
}

export interface PlanRequest extends Pick<ExperimentSpec, "target" | "task" | "features" | "split" | "seed"> {
  readonly kind: "plan_experiment";
  /** The dataset's columnar form. */
  readonly columnsPath: string;
  /** Where the plan's bytes (row numbers, fitted pipelines) go. */
  readonly outputPath: string;
}

export type DataRequest = ReadTableRequest | PlanRequest;
export type PlanSummary = Omit<ExperimentPlan, "artifact">;
