/**
 * The plan of a learning curve: an experiment's plan whose folds train on nested parts of their rows. Preprocessing stays the
 * experiment's own, fitted on all training rows, and so do the validation rows: every loss is in the same unit, and the whole part is the
 * experiment's fold itself, row for row. Test rows are in no part.
 */
import { type FoldPlan, openPlan, type PartOfFold, rowsOfFold, writePlan } from "./plan-file.ts";

export interface CurvePlanRequest {
  /** Folds of the experiment's plan that take part. */
  readonly folds: readonly number[];
  /** Parts of the training rows, (0, 1]. */
  readonly fractions: readonly number[];
  /** Fewest training rows of a part; a fraction that gives fewer is left out. */
  readonly leastRows: number;
  /** Whole number ≥ 0: chooses the rows. */
  readonly seed: number;
}
/** The folds of the new plan in order: those of the first fraction, then of the next. */
export interface CurvePlan {
  readonly parts: readonly (PartOfFold & { readonly fraction: number })[];
}

/** Equal plans and requests give equal bytes. Throws `artifact_corrupt` where the bytes are no plan. */
export function planCurve(planBytes: Uint8Array, request: CurvePlanRequest): { readonly curve: CurvePlan; readonly bytes: Uint8Array } {
  const plan = openPlan(planBytes);
  const whole = new Map(request.folds.map((fold) => [fold, rowsOfFold(plan.roles, fold).training.length]));
  const rowsAt = (fold: number, fraction: number) => Math.round(fraction * (whole.get(fold) ?? 0));
  const parts = request.fractions
    .filter((fraction) => fraction === 1 || request.folds.every((fold) => rowsAt(fold, fraction) >= request.leastRows))
    .flatMap((fraction) => request.folds.map((fold) => ({ fold, fraction, trainingRows: rowsAt(fold, fraction) })));
  const bytes = writePlan({
    ...plan,
    folds: parts.map(({ fold }) => plan.folds[fold] as FoldPlan),
    parts: { seed: request.seed, folds: parts.map(({ fold, trainingRows }) => ({ fold, trainingRows })) },
  });
  return { curve: { parts }, bytes };
}
