/** Predictions of rows by those of the delivered networks that were not trained on them. */
import { foldRows, toOwnUnit } from "@rightsize/data";
import { predictRows } from "@rightsize/engine";
import type { MemberModel } from "../delivered-model.ts";
import type { RunContext } from "../run-context.ts";

export interface RowPredictions {
  /** Rows of the dataset from 0, ascending. */
  readonly rows: Int32Array;
  /** [rows, width]: the target in its own unit (width 1), or class shares. */
  readonly outputs: Float64Array;
  readonly width: number;
  /** A model that predicted the row with this index, and the row of its own tensors. */
  place(index: number): { readonly model: MemberModel; readonly position: number };
  /** Rows that each of the models was asked for. */
  readonly rowsOfModel: readonly number[];
}

/** The rows of one fold: predictions of its models, summed. */
interface Part {
  readonly model: MemberModel;
  readonly rows: Int32Array;
  readonly sums: Float64Array;
  count: number;
}

/**
 * Each validation row is predicted by the mean of the models that were validated on it: with one split by all of them, with folds by those
 * of its own fold alone, since it trained the others. A fold without a model leaves its rows out. Regression averages before a log target
 * is undone, as the delivered model does.
 */
export async function predictUnseenRows(context: RunContext, models: readonly MemberModel[]): Promise<RowPredictions> {
  const regression = context.work.spec.task === "regression";
  const width = regression ? 1 : context.work.plan.classes.length;
  const parts = new Map<number, Part>();
  for (const model of models) {
    const { member, network, weights, prepared } = model;
    const { tensors, target, rows } = prepared.fold;
    const own = await predictRows(context.engine, network, tensors, weights, rows.validation);
    let part = parts.get(member.fold);
    if (part === undefined) {
      part = { model, rows: foldRows(prepared.plan, member.fold).validation, sums: new Float64Array(own.length), count: 0 };
      parts.set(member.fold, part);
    }
    const { sums } = part;
    for (let at = 0; at < own.length; at++) {
      const value = own[at] as number;
      sums[at] = (sums[at] as number) + (regression ? value * target.deviation + target.mean : value);
    }
    part.count++;
  }
  const log = regression && (models[0]?.prepared.fold.target.log ?? false);
  const rowsOfModel = models.map(({ prepared }) => prepared.fold.rows.validation.length);
  return { ...inOrder([...parts.values()], width, log), width, rowsOfModel };
}

/** The rows of all parts by number, with their means. */
function inOrder(parts: readonly Part[], width: number, log: boolean): Pick<RowPredictions, "rows" | "outputs" | "place"> {
  const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const unsorted = new Int32Array(count);
  const partOf = new Uint16Array(count);
  const indexIn = new Int32Array(count);
  let at = 0;
  parts.forEach(({ rows }, number) => {
    for (let index = 0; index < rows.length; index++, at++) {
      unsorted[at] = rows[index] as number;
      partOf[at] = number;
      indexIn[at] = index;
    }
  });
  const order = Int32Array.from(unsorted.keys());
  // The rows of one part are in order already.
  if (parts.length > 1) order.sort((a, b) => (unsorted[a] as number) - (unsorted[b] as number));
  const outputs = new Float64Array(count * width);
  order.forEach((from, index) => {
    const part = parts[partOf[from] as number] as Part;
    for (let k = 0; k < width; k++) {
      const mean = (part.sums[(indexIn[from] as number) * width + k] as number) / part.count;
      outputs[index * width + k] = log ? toOwnUnit({ mean: 0, deviation: 1, log }, mean) : mean;
    }
  });
  return {
    rows: order.map((from) => unsorted[from] as number),
    outputs,
    place(index) {
      const from = order[index] as number;
      const { model } = parts[partOf[from] as number] as Part;
      return { model, position: model.prepared.fold.rows.validation[indexIn[from] as number] as number };
    },
  };
}
