/** `rightsize export EXPERIMENT`: the delivered model as one zip file. */
import { type Command, clientOptions } from "../command.ts";
import { connect } from "./connect.ts";
import { savedSentence, saveModel } from "./save-model.ts";
import { wantedFile } from "./wanted-file.ts";

export const exportModel: Command = {
  name: "export",
  usage: "EXPERIMENT [--out FILE]",
  summary: "Save an experiment's model: a zip file with an ONNX file that takes raw columns, a model card and snippets.",
  positionals: 1,
  options: {
    out: { type: "string", value: "FILE", help: "where to (rightsize-EXPERIMENT.zip)" },
    force: { type: "boolean", help: "replace a file that is there" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const id = invocation.required(0, "EXPERIMENT");
    const name = invocation.text("out") ?? `rightsize-${id.replaceAll(/[^\w-]/g, "_")}.zip`;
    const replace = invocation.flag("force");
    const file = wantedFile(name, replace);
    const saved = await saveModel(connect(invocation), id, file, replace);
    output.line(output.json ? JSON.stringify(saved) : savedSentence(saved));
  },
};
