/** `rightsize predict EXPERIMENT FILE`: the delivered model's predictions for the rows of a file. */
import { type Command, clientOptions } from "../command.ts";
import { counted } from "../render/numbers.ts";
import { connect } from "./connect.ts";
import { openFile } from "./open-file.ts";
import { wantedFile, writeText } from "./wanted-file.ts";

export const predict: Command = {
  name: "predict",
  usage: "EXPERIMENT FILE [--out FILE]",
  summary: 'Predict for the rows of a CSV file (or of JSON, {"rows": [{…}]}) with an experiment\'s model; one prediction a row, in order.',
  positionals: 2,
  options: {
    out: { type: "string", value: "FILE", help: "write them there instead of to standard output" },
    force: { type: "boolean", help: "replace a file that is there" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const id = invocation.required(0, "EXPERIMENT");
    const file = invocation.required(1, "FILE");
    const given = invocation.text("out");
    const replace = invocation.flag("force");
    const out = given === null ? null : wantedFile(given, replace);
    const client = connect(invocation);
    const type = /\.json$/i.test(file) ? ("application/json" as const) : ("text/csv" as const);
    const rows = await openFile(file, type);
    const write = async (text: string) => {
      if (out === null) return output.line(text.trimEnd());
      await writeText({ file: out, replace, elsewhere: "--out names another file" }, text);
      output.say(`Written to ${out}`);
    };
    if (!output.json) return write(await client.predictionsText(id, { type, rows }));
    const predictions = await client.predictions(id, { type, rows });
    await write(`${JSON.stringify(predictions)}\n`);
    if (out !== null) output.say(`${counted(predictions.predictions.length, "prediction")} of ${predictions.target}`);
  },
};
