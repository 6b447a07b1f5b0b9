/** The bundle's README.md: what is in it, what goes in and comes out, and a program in Python and in TypeScript. */
import { type ModelSnippet, modelSnippets } from "@rightsize/contract";
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
  const { name, sentence, schema, columns, memberCount } = parts;
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

${modelSnippets({
  target: schema.target,
  task: schema.task,
  exampleRow: typicalRow(columns),
  outputs: schema.outputs.kind === "regression" ? [schema.outputs.prediction] : [schema.outputs.probabilities, schema.outputs.label],
})
  .map(programText)
  .join("\n")}`;
}

const programText = ({ language, title, install, code: program }: ModelSnippet) => `## ${title}

\`${install}\`

\`\`\`${language === "typescript" ? "ts" : language}
${program}
\`\`\`
`;
const outcome = ({ task, target }: DeliveredSchema) =>
  task === "regression" ? `${cell(target)} in its own unit` : `the classes of ${cell(target)}`;
const code = (text: string) => `\`${cell(text)}\``;
const oneLine = (text: string) => text.replaceAll(/\s+/g, " ");
/** A text that can't break a table. */
const cell = (text: string) => oneLine(text).replaceAll("|", "\\|").replaceAll("`", "'");
