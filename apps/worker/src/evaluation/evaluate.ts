/** The evaluation that goes with an answer: the delivered model on rows that the networks asked were not trained on, as bytes to store. */
import { type ClassificationEvaluation, type Evaluation, evaluationFormat, type RegressionEvaluation } from "@rightsize/contract";
import { foldRows, openColumns } from "@rightsize/data";
import { classificationMetrics } from "@rightsize/engine";
import type { MemberModel } from "../delivered-model.ts";
import type { RunContext } from "../run-context.ts";
import { mostProbable, tellClassification } from "./classification.ts";
import { pictureOf, pictureShape } from "./picture.ts";
import { tellRegression } from "./regression.ts";
import { predictUnseenRows, type RowPredictions } from "./row-predictions.ts";

/** JSON in UTF-8; equal models on equal data give equal bytes. `models` holds at least one. */
export async function evaluationBytes(context: RunContext, models: readonly MemberModel[]): Promise<Uint8Array> {
  return new TextEncoder().encode(JSON.stringify(await evaluate(context, models)));
}

export async function evaluate(context: RunContext, models: readonly MemberModel[]): Promise<Evaluation> {
  const predictions = await predictUnseenRows(context, models);
  const common = {
    format: evaluationFormat,
    target: context.work.spec.target,
    rows: rowsOf(context, models, predictions),
    members: models.map(({ member: { trial, capacity, seed, fold } }, index) => ({
      ...{ trial, capacity: { ...capacity }, seed, fold },
      rows: predictions.rowsOfModel[index] ?? 0,
    })),
  } as const;
  const { task } = context.work.spec;
  switch (task) {
    case "regression":
      return { task, ...common, ...(await regression(context, predictions)) };
    case "classification":
      return { task, ...common, ...classification(context, predictions) };
    default:
      return task satisfies never;
  }
}

async function regression(
  { artifacts, work }: RunContext,
  { rows, outputs: predicted }: RowPredictions,
): Promise<Pick<RegressionEvaluation, "metrics" | "pairs" | "residuals" | "worst" | "notFinite">> {
  // From the table itself: the tensors hold the target standardised, in float32.
  const table = await openColumns(await artifacts.localPath(work.columnsArtifact));
  const column = table.column(work.spec.target);
  if (column?.kind !== "numbers") throw new TypeError(`the target ${work.spec.target} holds no numbers`);
  const actual = Float64Array.from(rows, (row) => column.values[row] as number);
  return tellRegression({ rows, actual, predicted }, work.spec.seed);
}

function classification(
  { work }: RunContext,
  { rows, outputs: shares, width, place }: RowPredictions,
): Pick<ClassificationEvaluation, "metrics" | "classes" | "confusion" | "perClass" | "calibration" | "mistakes" | "image"> {
  const { classes } = work.plan;
  const actual = Int32Array.from(rows, (_, index) => {
    const { model, position } = place(index);
    return model.prepared.fold.tensors.y[position] as number;
  });
  const predicted = mostProbable(shares, width);
  const { mistakeCount, worst, ...told } = tellClassification({ classes, shares, actual, predicted });
  const image = rows.length === 0 ? null : pictureShape(place(0).model.prepared.plan);
  const shareOf = (index: number, label: number) => shares[index * width + label] as number;
  return {
    metrics: classificationMetrics(Float32Array.from(shares), Float32Array.from(actual), width),
    classes: [...classes],
    ...told,
    mistakes: {
      total: mistakeCount,
      worst: worst.map((index) => {
        const { model, position } = place(index);
        const [truth, guess] = [actual[index] as number, predicted[index] as number];
        return {
          row: rows[index] as number,
          actual: classes[truth] as string,
          predicted: classes[guess] as string,
          probability: shareOf(index, guess),
          probabilityOfActual: shareOf(index, truth),
          pixels:
            image === null ? null : Buffer.from(pictureOf(model, position, image.height * image.width * image.channels)).toString("base64"),
        };
      }),
    },
    image: image === null ? null : { ...image },
  };
}

function rowsOf({ work }: RunContext, models: readonly MemberModel[], { rows }: RowPredictions): Evaluation["rows"] {
  const evaluated = rows.length;
  const { plan } = (models[0] as MemberModel).prepared;
  // Each row once: the folds of a learning curve validate on the same rows.
  const validates = new Uint8Array(plan.rowCount);
  for (const fold of plan.folds.keys()) for (const row of foldRows(plan, fold).validation) validates[row] = 1;
  const validation = validates.reduce((sum, one) => sum + one, 0);
  if (work.plan.folds === 1) {
    const by = models.length === 1 ? "the delivered network" : `the mean of the ${models.length} delivered networks`;
    const sentence =
      `All ${evaluated} validation rows, predicted by ${by}. No network was trained on them; they decided when training stopped and ` +
      "which size was chosen, so new rows may be predicted a little worse.";
    return { part: "validation", evaluated, validation, sentence };
  }
  const perFold = models.map(({ member }) => models.filter((other) => other.member.fold === member.fold).length);
  const [fewest, most] = [Math.min(...perFold), Math.max(...perFold)];
  const left = validation - evaluated;
  const sentence =
    `${evaluated} of ${validation} rows, each predicted only by those of the ${models.length} delivered networks that it did not train ` +
    `(${fewest === most ? most : `${fewest} to ${most}`} a row); they decided when its training stopped.` +
    (left === 0 ? "" : ` The other ${left} rows trained every one of them and are left out.`);
  return { part: "out_of_fold", evaluated, validation, sentence };
}
