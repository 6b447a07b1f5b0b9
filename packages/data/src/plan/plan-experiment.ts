/** From a table and a question to a plan: the split, the pipelines fitted on training rows only, and what was left out. */
import { type ExperimentPlan, type FeatureSpec, type LeftOutColumn, RightsizeError, type SplitSpec, type Task } from "@rightsize/core";
import type { ColumnTable, TableColumn } from "../columns/column-table.ts";
import { type DataLimits, defaultDataLimits } from "../limits.ts";
import { checkFeatureNames, chooseColumns } from "./choose-columns.ts";
import { type Fit, fitBooleans, fitCategories, fitDates, fitNumbers, fitPixel } from "./fit.ts";
import {
  type FittedColumn,
  type FoldPlan,
  type PlanFile,
  rowRoles,
  rowsOfFold,
  rowsWith,
  type TargetScale,
  writePlan,
} from "./plan-file.ts";
import { planWarnings } from "./plan-warnings.ts";
import { splitRows } from "./split.ts";
import { moments } from "./statistics.ts";
import { readTarget, type Target } from "./target.ts";

export interface PlanRequest {
  readonly target: string;
  readonly task: Task;
  readonly features: FeatureSpec;
  readonly split: SplitSpec;
  /** The experiment's seed; the split has a seed of its own, so that equal splits give equal plans. */
  readonly seed: number;
}

/** A probability is never taken below this, so that a class without training rows has a finite loss. */
const leastShare = 1e-7;

/**
 * Plans an experiment: equal tables and requests give equal bytes. Throws `invalid_request` (with pointers into the
 * request) and `unusable_data` (with rows and columns; rows count from 1).
 */
export function planExperiment(
  table: ColumnTable,
  request: PlanRequest,
  limits: DataLimits = defaultDataLimits,
): { readonly plan: Omit<ExperimentPlan, "artifact">; readonly bytes: Uint8Array } {
  checkFeatureNames(table, request);
  const target = readTarget(table, request.target, request.task, request.features.logTarget, limits.maxClassCount);
  const classNumbers = request.task === "classification" ? new Int32Array(target.values) : null;
  const { roles, folds: foldCount } = splitRows(table, { rows: target.rows, classes: classNumbers }, request.split);
  const folds = Array.from({ length: foldCount }, (_, fold) => rowsOfFold(roles, fold));
  for (const [fold, { training, validation }] of folds.entries()) checkSizes(fold, training.length, validation.length);

  const valueAt = new Float64Array(table.rowCount);
  for (let position = 0; position < target.rows.length; position++) {
    valueAt[target.rows[position] as number] = target.values[position] as number;
  }
  const everTraining =
    foldCount === 1 ? (folds[0] as (typeof folds)[number]).training : rowsWith(roles, (role) => role >= rowRoles.training);
  const groupColumn = request.split.kind === "group" ? request.split.column : null;
  const chosen = chooseColumns(table, everTraining, {
    ...request,
    groupColumn,
  });
  const fits = folds.map(({ training }) => chosen.columns.map((column) => fitColumn(table, column, training, request.features)));

  const leftOut: LeftOutColumn[] = [...chosen.leftOut];
  const kept: number[] = [];
  chosen.columns.forEach((column, index) => {
    if (fits.some((fold) => (fold[index] as Fit).features.length > 0)) kept.push(index);
    else leftOut.push({ name: column.profile.name, reason: constantReason(column, everTraining) });
  });
  const widths = kept.map((index) => Math.max(...fits.map((fold) => (fold[index] as Fit).features.length)));
  const inputs = widths.reduce((sum, width) => sum + width, 0);
  if (inputs === 0) throw noFeatures(leftOut);
  const [parts] = folds as [(typeof folds)[number]];
  const usedRows = parts.training.length + parts.validation.length + parts.test.length;
  if (usedRows * inputs * 4 > limits.maxTensorBytes) {
    throw new RightsizeError("too_large", "The features don't fit into the memory a run may use.", {
      issues: [
        {
          where: "/features",
          received: `${usedRows} rows of ${inputs} inputs`,
          required: `at most ${limits.maxTensorBytes} bytes of float32`,
        },
      ],
    });
  }

  const targetScales = folds.map(({ training }, fold) => scaleOf(request, target, valueAt, training, fold));
  const plans = folds.map(({ training }, fold): FoldPlan => {
    const columns = kept.map((index, place): FittedColumn => ({ ...(fits[fold]?.[index] as Fit), width: widths[place] as number }));
    return { columns, target: targetScales[fold] as TargetScale, classWeights: balancedWeights(valueAt, training, target.classes.length) };
  });
  const file: PlanFile = {
    version: 1,
    rowCount: table.rowCount,
    target: request.target,
    task: request.task,
    features: request.features,
    image: table.image,
    inputs,
    outputs: request.task === "regression" ? 1 : target.classes.length,
    classes: target.classes,
    folds: plans,
    roles,
  };
  const first = folds[0] as (typeof folds)[number];
  const featureColumns = kept.map((index) => (chosen.columns[index] as TableColumn).profile.name);
  return {
    bytes: writePlan(file),
    plan: {
      inputs,
      outputs: file.outputs,
      trainingRows: first.training.length,
      validationRows: first.validation.length,
      testRows: first.test.length,
      folds: foldCount,
      meanPredictorLoss: folds.map(({ training, validation }, fold) =>
        meanPredictorLoss(valueAt, training, validation, targetScales[fold] as TargetScale, target.classes.length),
      ),
      leftOut,
      featureColumns,
      droppedRows: table.rowCount - target.rows.length,
      classes: target.classes,
      targetDeviation: targetScales[0]?.deviation ?? 1,
      warnings: planWarnings(table, roles, { target: request.target, features: featureColumns, folds: foldCount }),
    },
  };
}

function fitColumn(
  table: ColumnTable,
  column: Exclude<TableColumn, { kind: "profile" }>,
  training: Int32Array,
  features: FeatureSpec,
): Fit {
  if (column.kind === "codes") {
    return column.profile.type === "boolean" ? fitBooleans(column, training, features.scale) : fitCategories(column, training, features);
  }
  if (table.image !== null) return fitPixel(column.profile.name);
  return column.profile.type === "date" ? fitDates(column, training, features.scale) : fitNumbers(column, training, features.scale);
}

function checkSizes(fold: number, training: number, validation: number): void {
  if (training >= 2 && validation >= 1) return;
  throw new RightsizeError("unusable_data", "Too few rows are left to train and validate.", {
    issues: [
      { where: "/split", received: `${training} training and ${validation} validation rows in fold ${fold}`, required: "at least 2 and 1" },
    ],
  });
}

function constantReason(column: TableColumn, training: Int32Array): string {
  if (column.profile.gapCount >= training.length && column.profile.distinctCount === 0) return "It has no value in any row.";
  return "It is constant (or empty) on the training rows.";
}

function noFeatures(leftOut: readonly LeftOutColumn[]): RightsizeError {
  return new RightsizeError("unusable_data", "No column can be a feature.", {
    issues: [
      { where: "/features", received: "0 usable columns", required: "at least one" },
      ...leftOut.slice(0, 20).map(({ name, reason }) => ({ where: `column ${name}`, received: reason, required: "a column that varies" })),
    ],
  });
}

function scaleOf(request: PlanRequest, target: Target, valueAt: Float64Array, training: Int32Array, fold: number): TargetScale {
  if (request.task === "classification") return { mean: 0, deviation: 1, log: false };
  const { mean, deviation } = moments(valuesOf(valueAt, training));
  if (!(deviation > 1e-12 * Math.abs(mean)) || !Number.isFinite(deviation)) {
    throw new RightsizeError("unusable_data", `${request.target} doesn't vary on the training rows.`, {
      issues: [
        {
          where: "/target",
          received: `deviation ${deviation} on ${training.length} training rows of fold ${fold} (of ${target.rows.length})`,
          required: "a finite deviation above 0",
        },
      ],
    });
  }
  return { mean, deviation, log: request.features.logTarget };
}

function valuesOf(valueAt: Float64Array, rows: Int32Array): Float64Array {
  const values = new Float64Array(rows.length);
  for (let position = 0; position < rows.length; position++) values[position] = valueAt[rows[position] as number] as number;
  return values;
}

function classCounts(valueAt: Float64Array, rows: Int32Array, classCount: number): Float64Array {
  const counts = new Float64Array(classCount);
  for (const row of rows) counts[valueAt[row] as number] = (counts[valueAt[row] as number] as number) + 1;
  return counts;
}

function balancedWeights(valueAt: Float64Array, training: Int32Array, classCount: number): number[] {
  return Array.from(classCounts(valueAt, training, classCount), (count) => (count === 0 ? 1 : training.length / (classCount * count)));
}

/** Validation loss of always predicting the training mean (standardised: 0), or the training shares of the classes. */
function meanPredictorLoss(
  valueAt: Float64Array,
  training: Int32Array,
  validation: Int32Array,
  scale: TargetScale,
  classCount: number,
): number {
  let sum = 0;
  if (classCount === 0) {
    for (const row of validation) {
      const standardised = ((valueAt[row] as number) - scale.mean) / scale.deviation;
      sum += standardised * standardised;
    }
  } else {
    const losses = Array.from(
      classCounts(valueAt, training, classCount),
      (count) => -Math.log(Math.max(leastShare, count / training.length)),
    );
    for (const row of validation) sum += losses[valueAt[row] as number] as number;
  }
  return sum / validation.length;
}
