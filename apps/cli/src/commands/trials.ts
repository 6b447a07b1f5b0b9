/** `rightsize trials ID`: the trial table, for a terminal, a program, a spreadsheet or a document. */
import { type Command, clientOptions } from "../command.ts";
import { usageError } from "../errors.ts";
import { trialTableLines } from "../render/trial-table.ts";
import { connect } from "./connect.ts";

const formats = ["table", "json", "csv", "markdown"] as const;

export const trials: Command = {
  name: "trials",
  usage: "EXPERIMENT [--format table|json|csv|markdown]",
  summary: "The trial table.",
  positionals: 1,
  options: { format: { type: "string", value: "FORMAT", help: formats.join(", ") }, ...clientOptions },
  async run(invocation) {
    const { output } = invocation;
    const id = invocation.required(0, "EXPERIMENT");
    const given = invocation.text("format") ?? (output.json ? "json" : "table");
    const format = formats.find((candidate) => candidate === given);
    if (format === undefined) throw usageError(`--format is "${given}": it takes ${formats.join(", ")}.`, "trials");
    const client = connect(invocation);
    switch (format) {
      case "table":
        return output.lines(trialTableLines(await client.trials(id)));
      case "json":
        return output.line(JSON.stringify(await client.trials(id)));
      case "csv":
      case "markdown":
        return output.line((await client.trialsText(id, format)).trimEnd());
      default:
        format satisfies never;
    }
  },
};
