/** `rightsize run FILE --target COLUMN`: uploads a table, asks for the right size, watches, tells the answer. */
import { basename } from "node:path";
import { type ExperimentRequest, experimentRequestSchema } from "@rightsize/contract";
import { type Command, clientOptions, type Invocation } from "../command.ts";
import { usageError } from "../errors.ts";
import { counted } from "../render/numbers.ts";
import { watchExperiment } from "../watch/watch-experiment.ts";
import { connect } from "./connect.ts";
import { openFile } from "./open-file.ts";
import { issueLines, type RunSpec, readSpec } from "./run-spec.ts";

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
    spec: {
      type: "string",
      value: "FILE",
      help: 'a request as a JSON file (see examples/) or as text, {"recipe":{"maxEpochs":50}}; other options override it',
    },
    detach: { type: "boolean", help: "don't watch: print the experiment's id and end" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const file = invocation.required(0, "FILE");
    const spec = await readSpec(invocation.text("spec"));
    const client = connect(invocation);
    const bytes = await openFile(file);
    const dataset = await client.uploadDataset({ name: basename(file), bytes });
    output.say(`${dataset.name}: ${counted(dataset.rowCount, "row")}, ${counted(dataset.columns.length, "column")}`);
    const asked = typeof spec.request.target === "string" ? spec.request.target : dataset.suggestedTarget;
    const target = invocation.text("target") ?? asked;
    if (target === null) throw usageError(`--target is missing. Columns: ${dataset.columns.map(({ name }) => name).join(", ")}`, "run");
    const experiment = await client.createExperiment(requestOf(invocation, dataset.id, target, spec));
    if (spec.lookFor !== null) output.say(`Look for: ${spec.lookFor}`);
    output.say(`Experiment ${experiment.id} on ${client.url}`);
    for (const warning of experiment.plan.warnings) output.say(`Warning: ${warning}`);
    if (invocation.flag("detach")) output.line(output.json ? JSON.stringify(experiment) : experiment.id);
    else await watchExperiment(client, experiment.id, output, invocation.interrupts.signal);
  },
};

/** The file's request is the base; the other options override it. */
function requestOf(invocation: Invocation, dataset: string, target: string, { request: base, title }: RunSpec): ExperimentRequest {
  const seed = invocation.text("seed") === null ? base.seed : invocation.wholeNumber("seed", 0, Number.MAX_SAFE_INTEGER, 0);
  const name = invocation.text("name") ?? base.name ?? title;
  const preset = invocation.text("preset");
  const request = {
    ...base,
    dataset,
    target,
    seed: seed ?? 0,
    // Another preset has other parameters: those of the file are for its own.
    ...(preset === null || preset === presetOf(base) ? {} : { search: { preset } }),
    ...(name === null ? {} : { name }),
  };
  const parsed = experimentRequestSchema.safeParse(request);
  if (parsed.success) return request as ExperimentRequest;
  throw usageError(`This can't be asked:\n${issueLines(parsed.error)}`, "run");
}

function presetOf({ search }: RunSpec["request"]): unknown {
  return typeof search === "object" && search !== null && "preset" in search ? search.preset : undefined;
}
