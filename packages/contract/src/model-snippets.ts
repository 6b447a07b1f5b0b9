/** Programs that load a delivered model and predict: the ones in the bundle's README and beside the download, from one text. */
import type { ColumnProfile, Task } from "@rightsize/core";

/** Cells by column as JSON holds them: numbers (dates in milliseconds since 1970), texts, truths; null is a gap. */
export type SnippetRow = Readonly<Record<string, number | string | boolean | null>>;

export interface SnippetModel {
  readonly target: string;
  readonly task: Task;
  /** What the programs predict; columns that it leaves out are gaps. */
  readonly exampleRow: SnippetRow;
  /** The tensors that come out, where a column has taken one of the plain names. */
  readonly outputs?: readonly string[];
}

export interface ModelSnippet {
  readonly language: "python" | "typescript";
  readonly title: string;
  /** What a terminal needs to hear before the program runs. */
  readonly install: string;
  /** A whole program, to be run in the folder of the unpacked bundle. */
  readonly code: string;
}

/** In the order in which they are shown: Python, TypeScript. */
export function modelSnippets(model: SnippetModel): readonly [ModelSnippet, ModelSnippet] {
  return [
    { language: "python", title: "Python", install: "pip install onnxruntime", code: pythonProgram(model) },
    { language: "typescript", title: "TypeScript", install: "npm install onnxruntime-node", code: typeScriptProgram(model) },
  ];
}

/** An example row of what a dataset's profile tells of its columns: means, and the first of the texts; at most `columnCount` of them. */
export function profiledRow(
  columns: readonly ColumnProfile[],
  featureColumns: readonly string[],
  { columnCount = 20 }: { readonly columnCount?: number } = {},
): SnippetRow {
  const profiles = new Map(columns.map((column) => [column.name, column]));
  return Object.fromEntries(
    featureColumns.slice(0, columnCount).map((name) => {
      const profile = profiles.get(name);
      return [name, profile === undefined ? null : profiledCell(profile)];
    }),
  );
}

function profiledCell({ type, mean, maximum, examples }: ColumnProfile): SnippetRow[string] {
  switch (type) {
    case "number":
      return mean === null ? null : Number(mean.toPrecision(4));
    case "integer":
      return mean === null ? null : Math.round(mean);
    case "date":
      return maximum;
    case "boolean":
      return true;
    case "category":
    case "text":
      return examples[0] ?? null;
    default:
      return type satisfies never;
  }
}

function pythonProgram(model: SnippetModel): string {
  return `import json
import numpy as np
import onnxruntime

rows = json.loads(${JSON.stringify(exampleRows(model))})

session = onnxruntime.InferenceSession("model.onnx")

def column(tensor):
    cells = [row.get(tensor.name) for row in rows]
    if tensor.type == "tensor(double)":
        return np.array([[np.nan if cell is None else cell] for cell in cells], dtype=np.float64)
    return np.array([["" if cell is None else str(cell)] for cell in cells], dtype=object)

feeds = {tensor.name: column(tensor) for tensor in session.get_inputs()}
for output, values in zip(session.get_outputs(), session.run(None, feeds)):
    print(output.name, values.tolist())
# ${outputWords(model)}`;
}

function typeScriptProgram(model: SnippetModel): string {
  return `import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";

const rows: Record<string, unknown>[] = JSON.parse(${JSON.stringify(exampleRows(model))});

const { inputs } = JSON.parse(readFileSync("pipeline.json", "utf8")) as { inputs: { name: string; tensor: "float64" | "string" }[] };
const session = await ort.InferenceSession.create("model.onnx");
const feeds: Record<string, ort.Tensor> = {};
for (const { name, tensor } of inputs) {
  const cells = rows.map((row) => row[name] ?? null);
  feeds[name] =
    tensor === "float64"
      ? new ort.Tensor("float64", Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))), [rows.length, 1])
      : new ort.Tensor("string", cells.map((cell) => (cell === null ? "" : String(cell))), [rows.length, 1]);
}
const outputs = await session.run(feeds);
for (const [name, values] of Object.entries(outputs)) console.log(name, Array.from(values.data as ArrayLike<unknown>));
// ${outputWords(model)}`;
}

/** JSON in ASCII, so that it reads alike as a text of Python and of TypeScript. */
function exampleRows({ exampleRow }: SnippetModel): string {
  const text = JSON.stringify([exampleRow]);
  return text.replaceAll(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function outputWords({ task, target, outputs }: SnippetModel): string {
  const [first, second] = outputs ?? (task === "regression" ? ["prediction"] : ["probabilities", "label"]);
  return task === "regression" ? `${first}: ${target.replaceAll(/\s+/g, " ")}` : `${first} of the classes, and the ${second}`;
}
