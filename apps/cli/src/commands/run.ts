/** `rightsize run FILE --target COLUMN`: uploads a table, asks for the right size, watches, tells the answer, saves the model. */
import { basename } from "node:path";
import { type ExperimentEstimate, type ExperimentRequest, experimentRequestSchema } from "@rightsize/contract";
import { type Command, clientOptions, type Invocation } from "../command.ts";
import { usageError } from "../errors.ts";
import type { Output } from "../output.ts";
import { counted } from "../render/numbers.ts";
import { watchExperiment } from "../watch/watch-experiment.ts";
import { connect } from "./connect.ts";
import { dialectOf, dialectOptions } from "./dialect-options.ts";
import { openFile } from "./open-file.ts";
import { issueLines, type RunSpec, readSpec } from "./run-spec.ts";
import { freeModelFile, savedSentence, saveModel } from "./save-model.ts";
import { wantedFile } from "./wanted-file.ts";

export const run: Command = {
  name: "run",
  usage: "FILE --target COLUMN [--preset NAME] [--out FILE]",
  summary: "Upload a table, find the right size for a network that predicts one of its columns, watch, and save the model.",
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
    ...dialectOptions,
    out: {
      type: "string",
      value: "FILE",
      help: "where to save the model (FILE-model.zip in this folder; a number is added where that is there)",
    },
    force: { type: "boolean", help: "replace the file that --out names" },
    "no-model": { type: "boolean", help: "don't save the model; rightsize export does it later" },
    "dry-run": { type: "boolean", help: "tell what it would take and which differences the data can show; train nothing" },
    detach: { type: "boolean", help: "don't watch: print the experiment's id and end" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const file = invocation.required(0, "FILE");
    // Whatever is wrong with the command is told before anything is sent.
    const spec = await readSpec(invocation.text("spec"));
    const dialect = dialectOf(invocation, "run");
    const modelAt = modelPlace(invocation, file);
    const client = connect(invocation);
    const bytes = await openFile(file);
    const dataset = await client.uploadDataset({ ...dialect, name: basename(file), bytes });
    output.say(`${dataset.name}: ${counted(dataset.rowCount, "row")}, ${counted(dataset.columns.length, "column")}`);
    const asked = typeof spec.request.target === "string" ? spec.request.target : dataset.suggestedTarget;
    const target = invocation.text("target") ?? asked;
    if (target === null) throw usageError(`--target is missing. Columns: ${dataset.columns.map(({ name }) => name).join(", ")}`, "run");
    const request = requestOf(invocation, dataset.id, target, spec);
    if (invocation.flag("dry-run")) return tellEstimate(await client.estimateExperiment(request), output);
    const experiment = await client.createExperiment(request);
    if (spec.lookFor !== null) output.say(`Look for: ${spec.lookFor}`);
    output.say(`Experiment ${experiment.id} on ${client.url}`);
    for (const warning of experiment.plan.warnings) output.say(`Warning: ${warning}`);
    if (invocation.flag("detach")) return output.line(output.json ? JSON.stringify(experiment) : experiment.id);
    const { experiment: ended } = await watchExperiment(client, experiment.id, output, invocation.interrupts.signal);
    if (modelAt === null) return;
    if (!ended.answer?.modelArtifact) return output.say("There is no model to save.");
    const saved = await saveModel(client, experiment.id, modelAt(), invocation.text("out") !== null && invocation.flag("force"));
    if (output.json) output.line(JSON.stringify({ kind: "model", ...saved }));
    else output.lines(["", `The model: ${savedSentence(saved)}`]);
  },
};

function tellEstimate(estimate: ExperimentEstimate, output: Output): void {
  if (output.json) {
    output.line(JSON.stringify(estimate));
    return;
  }
  output.line(estimate.sentence);
  for (const warning of estimate.warnings) output.say(`Warning: ${warning}`);
}

/** Gives the file to save the model as when it is time; null where none is wanted. A file that --out names is looked at now, before hours of training. */
function modelPlace(invocation: Invocation, table: string): (() => string) | null {
  const out = invocation.text("out");
  const unwanted = ["no-model", "dry-run", "detach"].find((name) => invocation.flag(name)) ?? null;
  if (out === null) return unwanted === null ? () => freeModelFile(table) : null;
  if (unwanted !== null) throw usageError(`--out says where to save the model, and --${unwanted} that it isn't saved.`, "run");
  const file = wantedFile(out, invocation.flag("force"));
  return () => file;
}

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
