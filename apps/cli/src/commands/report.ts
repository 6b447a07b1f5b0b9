/** `rightsize report EXPERIMENT`: the whole experiment as one page to hand to somebody else. */
import { type Command, clientOptions } from "../command.ts";
import { usageError } from "../errors.ts";
import { connect } from "./connect.ts";
import { wantedFile, writeText } from "./wanted-file.ts";

const formats = ["html", "markdown"] as const;

export const report: Command = {
  name: "report",
  usage: "EXPERIMENT [--format html|markdown] [--out FILE]",
  summary: "The whole experiment as one HTML page that needs nothing else, or as Markdown: question, table, reasons, plots, recipe.",
  positionals: 1,
  options: {
    format: { type: "string", value: "FORMAT", help: "html (a file), or markdown (printed where no --out is given)" },
    out: { type: "string", value: "FILE", help: "where to (rightsize-EXPERIMENT.html)" },
    force: { type: "boolean", help: "replace a file that is there" },
    ...clientOptions,
  },
  async run(invocation) {
    const { output } = invocation;
    const id = invocation.required(0, "EXPERIMENT");
    const given = invocation.text("format") ?? "html";
    const format = formats.find((candidate) => candidate === given);
    if (format === undefined) throw usageError(`--format is "${given}": it takes ${formats.join(" or ")}.`, "report");
    const out = invocation.text("out") ?? (format === "html" ? `rightsize-${id.replaceAll(/[^\w-]/g, "_")}.html` : null);
    const replace = invocation.flag("force");
    const file = out === null ? null : wantedFile(out, replace);
    const text = await connect(invocation).report(id, format);
    if (file !== null) await writeText({ file, replace, elsewhere: "--out names another file" }, text);
    if (output.json) output.line(JSON.stringify(file === null ? { text } : { file, sizeBytes: Buffer.byteLength(text) }));
    else output.line(file ?? text.trimEnd());
  },
};
