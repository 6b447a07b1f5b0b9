/** `rightsize list`: experiments, newest first. */
import type { ExperimentView } from "@rightsize/contract";
import { capacityText, endedByLimit } from "@rightsize/core";
import { type Command, clientOptions } from "../command.ts";
import { textTable } from "../render/text-table.ts";
import { connect } from "./connect.ts";

export const list: Command = {
  name: "list",
  usage: "[--limit N]",
  summary: "Experiments, newest first.",
  positionals: 0,
  options: { limit: { type: "string", value: "N", help: "how many (20)" }, ...clientOptions },
  async run(invocation) {
    const { items } = await connect(invocation).experiments({ limit: invocation.wholeNumber("limit", 1, 200, 20) });
    if (invocation.output.json) invocation.output.line(JSON.stringify(items));
    else if (items.length === 0) invocation.output.say("There are no experiments yet: rightsize run FILE --target COLUMN");
    else invocation.output.lines(experimentLines(items));
  },
};

export function experimentLines(experiments: readonly ExperimentView[]): readonly string[] {
  const columns = ["Experiment", "State", "Target", "Search", "Answer", "Created (UTC)", "Name"].map((head) => ({
    head,
    align: "left" as const,
  }));
  const rows = experiments.map((experiment) => [
    experiment.id,
    endedByLimit(experiment.answer) ? `${experiment.state}, ended by a limit` : experiment.state,
    experiment.target,
    experiment.preset,
    experiment.answer?.capacity ? capacityText(experiment.answer.capacity) : "",
    experiment.createdAt.slice(0, 16).replace("T", " "),
    experiment.name,
  ]);
  return textTable(columns, rows);
}
