/** Data: files into columns, profile, split and preprocessing fitted on training rows only. */
export { openColumns } from "./columns/column-file.ts";
export {
  type CodeColumn,
  type ColumnTable,
  cellText,
  type ImageShape,
  type NumberColumn,
  type TableColumn,
  tableOf,
} from "./columns/column-table.ts";
export { previewFile, previewRows, type TablePreview } from "./columns/preview.ts";
export { type DataLimits, defaultDataLimits } from "./limits.ts";
export { type CurvePlan, type CurvePlanRequest, planCurve } from "./plan/plan-curve.ts";
export { type PlanRequest, planExperiment } from "./plan/plan-experiment.ts";
export {
  type FittedColumn,
  type FittedFeature,
  type FoldPlan,
  foldRows,
  openPlan,
  type PartOfFold,
  type PlanFile,
  type TargetScale,
} from "./plan/plan-file.ts";
export { suggestTask } from "./profile/suggest.ts";
export type { DeclaredDialect } from "./reading/csv-dialect.ts";
export { readIdxPair } from "./reading/idx.ts";
export { type ReadTableOptions, readTable, type TableReading } from "./reading/read-table.ts";
export { buildTensors, type FoldTensors, rawCategory, rawNumber, toOwnUnit } from "./tensors/build-tensors.ts";
export { type RawColumn, type RawColumns, rawColumnsOfCsv, rawColumnsOfRows, type WantedColumn } from "./tensors/raw-columns.ts";
export { type RawRow, transformRows } from "./tensors/transform-rows.ts";
export { gapTexts } from "./values.ts";
