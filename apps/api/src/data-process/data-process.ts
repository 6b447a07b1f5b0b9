/** Data work outside the API's event loop: reading tables and planning experiments, in a warm child process. */
import { type ChildLimits, startWarmChild } from "../child-process/warm-child.ts";
import type { DataRequest, PlanRequest, PlanSummary, ReadTableRequest, TableSummary } from "./protocol.ts";

export interface DataProcess {
  /** Reads a file into columns at `outputPath`. Throws `unreadable_data`, `unsupported_format`, `too_large`, `unavailable`. */
  readTable(request: Omit<ReadTableRequest, "kind">): Promise<TableSummary>;
  /** Plans an experiment; the plan's bytes are at `outputPath` afterwards. Throws `unusable_data` and the like. */
  planExperiment(request: Omit<PlanRequest, "kind">): Promise<PlanSummary>;
  /** Child processes started so far, for /metrics: more than one means crashes. */
  startCount(): number;
  close(): Promise<void>;
}

export type DataProcessOptions = ChildLimits;

/** Starts the child at once, so that the first upload finds it warm. */
export function startDataProcess(options: DataProcessOptions): DataProcess {
  const child = startWarmChild<DataRequest, TableSummary | PlanSummary>({
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
    readTable: (request) => child.ask({ kind: "read_table", ...request }) as Promise<TableSummary>,
    planExperiment: (request) => child.ask({ kind: "plan_experiment", ...request }) as Promise<PlanSummary>,
    startCount: () => child.startCount(),
    close: () => child.close(),
  };
}
