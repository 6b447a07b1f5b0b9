/** What crosses between the API and its data process: plain data and paths, never bytes of tables. */
import type { ExperimentEstimate } from "@rightsize/contract";
import type { Dataset, ExperimentPlan, ExperimentSpec } from "@rightsize/core";
import type { CurvePlan, CurvePlanRequest, DataLimits, DeclaredDialect, TablePreview } from "@rightsize/data";
import type { EstimateQuestion } from "@rightsize/orchestrator";

/** What reading a file finds out. */
export type TableSummary = Pick<Dataset, "format" | "rowCount" | "columns" | "warnings" | "suggestedTarget" | "suggestedTask">;
export type PlanSummary = Omit<ExperimentPlan, "artifact">;
export type RowsSummary = TablePreview & { readonly rowCount: number };

interface Reading {
  /** The file's own name: its ending may tell the format. */
  readonly name: string;
  /** Where the columnar form goes. */
  readonly outputPath: string;
}

export interface ReadTableRequest extends Reading {
  readonly kind: "read_table";
  /** The uploaded file. */
  readonly path: string;
  /** How a CSV file is written, as far as the sender said. */
  readonly dialect: DeclaredDialect;
}

/** An image set: IDX files, plain or gzipped. */
export interface ReadIdxPairRequest extends Reading {
  readonly kind: "read_idx_pair";
  readonly imagesPath: string;
  readonly labelsPath: string;
}

export interface PlanRequest extends Pick<ExperimentSpec, "target" | "task" | "features" | "split" | "seed"> {
  readonly kind: "plan_experiment";
  /** The dataset's columnar form. */
  readonly columnsPath: string;
  /** Where the plan's bytes (row numbers, fitted pipelines) go. */
  readonly outputPath: string;
}

export interface PreviewRowsRequest {
  readonly kind: "preview_rows";
  readonly columnsPath: string;
  /** Number of the first row, from 0. */
  readonly first: number;
  readonly count: number;
}

/** An estimate plays whole searches: too long for the API's event loop. */
export interface EstimateRequest {
  readonly kind: "estimate_experiment";
  readonly question: EstimateQuestion;
}

/** The plan of a learning curve, from its experiment's. */
export interface CurveRequest {
  readonly kind: "plan_curve";
  /** The experiment's plan. */
  readonly planPath: string;
  /** Where the new plan's bytes go. */
  readonly outputPath: string;
  readonly request: CurvePlanRequest;
}

/** `limits` are the service's; those left out are the data package's own. */
export type DataRequest = (ReadTableRequest | ReadIdxPairRequest | PlanRequest | PreviewRowsRequest | EstimateRequest | CurveRequest) & {
  readonly limits: Partial<DataLimits>;
};
export type DataResult = TableSummary | PlanSummary | RowsSummary | ExperimentEstimate | CurvePlan;
