/** `rightsize run FILE --target COLUMN`: uploads a table, asks for the right size, watches, tells the answer. */
import { basename } from "node:path";
import { type ExperimentRequest, experimentRequestSchema } from "@rightsize/contract";
import { type Command, clientOptions, type Invocation } from "../command.ts";
import { usageError } from "../errors.ts";
import { counted } from "../render/numbers.ts";
import { watchExperiment } from "../watch/watch-experiment.ts";
import { connect } from "./connect.ts";
import { openFile } from "./open-file.ts";

export const run: Command = {
  name: "run",
  usage: "FILE --target COLUMN [--preset NAME]",
  summary: "Upload a table, find the right size for a network that predicts one of its columns, and watch.",
  positionals: 1,
  options: {
    target: { type: "string", value: "COLUMN", help: "the column to predict; left out: the one the service suggests" },
    preset: { type: "string", value: "NAME", help: "how to search, for example course" },
    seed: { type: "string", value: "N", help: "the seed of everything random (0)" },
    name: { type: "string", value: "NAME", help: "what to call the experiment" },
    spec: { type: "string", value: "JSON", help: 'further parts of the request, for example {"recipe":{"maxEpochs":50}}' },
    detach: { type: "boolean", help: "don't watch: print the experiment's id and end" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const file = invocation.required(0, "FILE");
    const further = furtherParts(invocation.text("spec"));
    const client = connect(invocation);
    const bytes = await openFile(file);
    const dataset = await client.uploadDataset({ name: basename(file), bytes });
    output.say(`${dataset.name}: ${counted(dataset.rowCount, "row")}, ${counted(dataset.columns.length, "column")}`);
    const target = invocation.text("target") ?? dataset.suggestedTarget;
    if (target === null) throw usageError(`--target is missing. Columns: ${dataset.columns.map(({ name }) => name).join(", ")}`, "run");
    const experiment = await client.createExperiment(requestOf(invocation, dataset.id, target, further));
    output.say(`Experiment ${experiment.id} on ${client.url}`);
    for (const warning of experiment.plan.warnings) output.say(`Warning: ${warning}`);
    if (invocation.flag("detach")) output.line(output.json ? JSON.stringify(experiment) : experiment.id);
    else await watchExperiment(client, experiment.id, output, invocation.interrupts.signal);
  },
};

function requestOf(invocation: Invocation, dataset: string, target: string, further: Record<string, unknown>): ExperimentRequest {
  const preset = invocation.text("preset");
  const name = invocation.text("name");
  const request = {
    ...further,
    dataset,
    target,
    seed: invocation.wholeNumber("seed", 0, Number.MAX_SAFE_INTEGER, 0),
    ...(preset === null ? {} : { search: { preset } }),
    ...(name === null ? {} : { name }),
  };
  const parsed = experimentRequestSchema.safeParse(request);
  if (parsed.success) return request;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw usageError(`This can't be asked:\n${lines.join("\n")}`, "run");
}

function furtherParts(text: string | null): Record<string, unknown> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw usageError(`--spec takes a JSON object; this is ${text}`, "run");
}
