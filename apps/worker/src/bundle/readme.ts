/** The bundle's README.md: what is in it, what goes in and comes out, and a program in Python and in TypeScript. */
import type { FittedColumn } from "@rightsize/data";
import type { DeliveredSchema } from "@rightsize/engine";
import { typicalRow } from "./typical-row.ts";

export interface ReadmeParts {
  readonly name: string;
  readonly sentence: string;
  readonly schema: DeliveredSchema;
  /** Of the first member's fold. */
  readonly columns: readonly FittedColumn[];
  readonly memberCount: number;
}

/** Columns shown one by one; a table of pixels would be a long page. */
const columnsShown = 60;

export function readmeText(parts: ReadmeParts): string {
  const { name, sentence, schema, memberCount } = parts;
  const many = memberCount > 1;
  return `# ${oneLine(name)}

${sentence}

| file | what it is |
|---|---|
| \`model.onnx\` | the whole model: raw columns in, ${outcome(schema)} out; preprocessing ${many ? `and the mean of ${memberCount} networks ` : ""}inside |
| \`${many ? "tfjs/member-1/ …" : "tfjs/"}\` | ${many ? "each network" : "the network"} as a TensorFlow.js layers model; its inputs are the features that \`pipeline.json\` describes |
| \`pipeline.json\` | inputs, outputs, the fitted preprocessing as data |
| \`model-card.md\`, \`model-card.json\` | what it was trained on and how, the table of trials, scores, versions |
| \`SHA256SUMS\` | \`sha256sum -c SHA256SUMS\` |

## What goes in

One tensor of shape [rows, 1] a column, under the column's name. Numbers are float64 and NaN is a gap. Dates are float64 too: milliseconds since
1970 in UTC. Categories and truth values (\`true\`, \`false\`) are strings and "" is a gap. A category that training never saw is treated
as the training treated rare ones; a text that is no truth value is a gap.

| column | holds | tensor |
|---|---|---|
${schema.inputs
  .slice(0, columnsShown)
  .map(({ name: column, holds, tensor }) => `| ${cell(column)} | ${holds} | ${tensor} |`)
  .join("\n")}
${schema.inputs.length > columnsShown ? `\n… and ${schema.inputs.length - columnsShown} more: see \`pipeline.json\`.\n` : ""}
## What comes out

${
  schema.outputs.kind === "regression"
    ? `\`${schema.outputs.prediction}\`, float64 [rows, 1]: ${schema.target} in its own unit.`
    : `\`${schema.outputs.probabilities}\`, float32 [rows, ${schema.classes.length}], in the order ${schema.classes.slice(0, 20).map(code).join(", ")}${schema.classes.length > 20 ? ", …" : ""}; \`${schema.outputs.label}\`, string [rows, 1]: the most probable class.`
}

## Python

\`pip install onnxruntime\`

\`\`\`python
${pythonSnippet(parts)}
\`\`\`

## TypeScript

\`npm install onnxruntime-node\`

\`\`\`ts
${typeScriptSnippet(parts)}
\`\`\`
`;
}

function pythonSnippet({ schema, columns }: ReadmeParts): string {
  return `import json
import numpy as np
import onnxruntime

rows = json.loads(${JSON.stringify(exampleRows(columns))})

session = onnxruntime.InferenceSession("model.onnx")

def column(tensor):
    cells = [row.get(tensor.name) for row in rows]
    if tensor.type == "tensor(double)":
        return np.array([[np.nan if cell is None else cell] for cell in cells], dtype=np.float64)
    return np.array([["" if cell is None else str(cell)] for cell in cells], dtype=object)

feeds = {tensor.name: column(tensor) for tensor in session.get_inputs()}
for output, values in zip(session.get_outputs(), session.run(None, feeds)):
    print(output.name, values.tolist())
# ${outputWords(schema)}`;
}

function typeScriptSnippet({ schema, columns }: ReadmeParts): string {
  return `import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";

const rows: Record<string, unknown>[] = JSON.parse(${JSON.stringify(exampleRows(columns))});

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
// ${outputWords(schema)}`;
}

/** JSON in ASCII, so that it reads alike as a text of Python and of TypeScript. */
function exampleRows(columns: readonly FittedColumn[]): string {
  const text = JSON.stringify([typicalRow(columns)]);
  return text.replaceAll(/[\u007f-\uffff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function outputWords({ outputs, target }: DeliveredSchema): string {
  return outputs.kind === "regression"
    ? `${outputs.prediction}: ${oneLine(target)}`
    : `${outputs.probabilities} of the classes, and the ${outputs.label}`;
}

const outcome = ({ task, target }: DeliveredSchema) =>
  task === "regression" ? `${cell(target)} in its own unit` : `the classes of ${cell(target)}`;
const code = (text: string) => `\`${cell(text)}\``;
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");
/** A text that can't break a table. */
const cell = (text: string) => oneLine(text).replaceAll("|", "\\|").replaceAll("`", "'");
