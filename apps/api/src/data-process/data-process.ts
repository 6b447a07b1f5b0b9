/** Data work outside the API's event loop: reading tables, planning experiments and showing rows, in a warm child process. */
import type { ExperimentEstimate } from "@rightsize/contract";
import type { CurvePlan, DataLimits } from "@rightsize/data";
import type { EstimateQuestion } from "@rightsize/orchestrator";
import { type ChildLimits, startWarmChild } from "../child-process/warm-child.ts";
import type {
  CurveRequest,
  DataRequest,
  DataResult,
  PlanRequest,
  PlanSummary,
  PreviewRowsRequest,
  ReadIdxPairRequest,
  ReadTableRequest,
  RowsSummary,
  TableSummary,
} from "./protocol.ts";

export interface DataProcess {
  /** Reads a file into columns at `outputPath`. Throws `unreadable_data`, `unsupported_format`, `too_large`, `unavailable`. */
  readTable(request: Omit<ReadTableRequest, "kind">): Promise<TableSummary>;
  /** Reads images and their labels into columns at `outputPath`; throws as `readTable`. */
  readIdxPair(request: Omit<ReadIdxPairRequest, "kind">): Promise<TableSummary>;
  /** Plans an experiment; the plan's bytes are at `outputPath` afterwards. Throws `unusable_data` and the like. */
  planExperiment(request: Omit<PlanRequest, "kind">): Promise<PlanSummary>;
  /** What an experiment would take. */
  estimateExperiment(question: EstimateQuestion): Promise<ExperimentEstimate>;
  /** Plans a learning curve; the plan's bytes are at `outputPath` afterwards. */
  planCurve(request: Omit<CurveRequest, "kind">): Promise<CurvePlan>;
  /** Some rows of a columnar form as text. */
  previewRows(request: Omit<PreviewRowsRequest, "kind">): Promise<RowsSummary>;
  /** Child processes started so far, for /metrics: more than one means crashes. */
  startCount(): number;
  close(): Promise<void>;
}

export interface DataProcessOptions extends ChildLimits {
  /** Limits on what is read and planned; those left out are the data package's own. */
  readonly limits?: Partial<DataLimits>;
}

/** Starts the child at once, so that the first upload finds it warm. */
export function startDataProcess({ limits = {}, ...options }: DataProcessOptions): DataProcess {
  const child = startWarmChild<DataRequest, DataResult>({
    ...options,
    module: new URL("./child", import.meta.url),
    startNow: true,
    words: {
      process: "the data process",
      work: "Working on this data",
      input: "the file",
      crowded: "Too many files are waiting to be read.",
    },
  });
  return {
    readTable: (request) => child.ask({ kind: "read_table", ...request, limits }) as Promise<TableSummary>,
    readIdxPair: (request) => child.ask({ kind: "read_idx_pair", ...request, limits }) as Promise<TableSummary>,
    planExperiment: (request) => child.ask({ kind: "plan_experiment", ...request, limits }) as Promise<PlanSummary>,
    estimateExperiment: (question) => child.ask({ kind: "estimate_experiment", question, limits }) as Promise<ExperimentEstimate>,
    planCurve: (request) => child.ask({ kind: "plan_curve", ...request, limits }) as Promise<CurvePlan>,
    previewRows: (request) => child.ask({ kind: "preview_rows", ...request, limits }) as Promise<RowsSummary>,
    startCount: () => child.startCount(),
    close: () => child.close(),
  };
}
