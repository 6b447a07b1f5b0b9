/** `rightsize datasets`: uploaded tables, newest first. */
import { type Command, clientOptions } from "../command.ts";
import { groupedNumber } from "../render/numbers.ts";
import { textTable } from "../render/text-table.ts";
import { connect } from "./connect.ts";

export const datasets: Command = {
  name: "datasets",
  usage: "[--limit N]",
  summary: "Uploaded tables, newest first.",
  positionals: 0,
  options: { limit: { type: "string", value: "N", help: "how many (20)" }, ...clientOptions },
  async run(invocation) {
    const { items } = await connect(invocation).datasets({ limit: invocation.wholeNumber("limit", 1, 200, 20) });
    const { output } = invocation;
    if (output.json) return output.line(JSON.stringify(items));
    if (items.length === 0) return output.say("There are no datasets yet: rightsize run FILE --target COLUMN uploads one");
    const rows = items.map((dataset) => [
      dataset.name,
      groupedNumber(dataset.rowCount),
      String(dataset.columns.length),
      dataset.suggestedTarget ?? "",
      dataset.id,
    ]);
    const left = (head: string) => ({ head, align: "left" as const });
    const right = (head: string) => ({ head, align: "right" as const });
    output.lines(textTable([left("Name"), right("Rows"), right("Columns"), left("Suggested target"), left("SHA-256")], rows));
  },
};
