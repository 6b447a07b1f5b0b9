/** The predicting process: reads rows, asks the model, writes the answer; one request after the other. */
import { readFile } from "node:fs/promises";
import { type PredictionsView, predictRequestSchema } from "@rightsize/contract";
import { RightsizeError } from "@rightsize/core";
import { type RawColumns, rawColumnsOfCsv, rawColumnsOfRows } from "@rightsize/data";
import { type DeliveredSchema, openBundledModel, type Predictions } from "@rightsize/engine";
import { serveParent } from "../child-process/serve-parent.ts";
import { validationError } from "../validation.ts";
import { createModelCache } from "./model-cache.ts";
import type { PredictAnswer, PredictRequestMessage } from "./protocol.ts";

const modelOf = createModelCache(
  async (path) => {
    const bytes = await readFile(path);
    return { model: await openBundledModel(bytes), sizeBytes: bytes.byteLength };
  },
  { models: 8, bytes: 512 * 2 ** 20 },
);

/** Requests one after the other: the cache may release a model only when nobody asks it. */
let last: Promise<unknown> = Promise.resolve();
serveParent<PredictRequestMessage, PredictAnswer>((request) => {
  const answer = last.then(() => predict(request));
  last = answer.catch(() => {});
  return answer;
});

async function predict(request: PredictRequestMessage): Promise<PredictAnswer> {
  const model = await modelOf(request.model, request.modelPath);
  const { columns, rowCount } = readBody(request, model.schema);
  const predictions = await model.predict(columns, rowCount);
  const text = request.answer === "csv" ? csvText(predictions, model.schema) : JSON.stringify(viewOf(request, predictions, model.schema));
  return { text, rowCount };
}

function readBody({ body, maxRows }: PredictRequestMessage, { inputs }: DeliveredSchema): RawColumns {
  if (body.kind === "csv") return rawColumnsOfCsv(inputs, body.text, maxRows);
  let value: unknown;
  try {
    value = JSON.parse(body.text);
  } catch (cause) {
    throw new RightsizeError("malformed_request", "The body is no JSON.", { cause });
  }
  const parsed = predictRequestSchema.safeParse(value);
  if (!parsed.success) throw validationError(parsed.error.issues, value, "body");
  return rawColumnsOfRows(inputs, parsed.data.rows, maxRows);
}

function viewOf({ experimentId, model }: PredictRequestMessage, predictions: Predictions, schema: DeliveredSchema): PredictionsView {
  const { target, task, classes } = schema;
  const common = { experimentId, model, target, task, classes: [...classes] };
  if (predictions.kind === "regression") {
    // JSON has no infinity.
    const values = Array.from(predictions.values, (value) => (Number.isFinite(value) ? value : null));
    return { ...common, predictions: values, probabilities: null };
  }
  const width = classes.length;
  const probabilities = predictions.labels.map((_, row) => Array.from(predictions.probabilities.subarray(row * width, (row + 1) * width)));
  return { ...common, predictions: [...predictions.labels], probabilities };
}

/** One line a row; for classification a column of probabilities for each class. */
function csvText(predictions: Predictions, { classes }: DeliveredSchema): string {
  if (predictions.kind === "regression") return `prediction\n${predictions.values.join("\n")}\n`;
  const header = ["prediction", ...classes.map((name) => quoted(`probability ${name}`))].join(",");
  const width = classes.length;
  const lines = predictions.labels.map((label, row) =>
    [quoted(label), ...predictions.probabilities.subarray(row * width, (row + 1) * width)].join(","),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
