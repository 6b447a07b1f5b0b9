/** `rightsize show ID`: one experiment: its question, its table, why each step was taken, and the answer. */
import { type Command, clientOptions } from "../command.ts";
import { answerLines } from "../render/answer.ts";
import { counted } from "../render/numbers.ts";
import { trialTableLines } from "../render/trial-table.ts";
import type { Picture } from "../watch/follow.ts";
import { decisionSentence } from "../watch/sentences.ts";
import { connect } from "./connect.ts";

export const show: Command = {
  name: "show",
  usage: "EXPERIMENT",
  summary: "One experiment: question, table, decisions with their reasons, answer.",
  positionals: 1,
  options: clientOptions,
  async run(invocation) {
    const id = invocation.required(0, "EXPERIMENT");
    const client = connect(invocation);
    const [experiment, table, { decisions }] = await Promise.all([client.experiment(id), client.trials(id), client.decisions(id)]);
    if (invocation.output.json) return invocation.output.line(JSON.stringify({ experiment, trials: table.trials, decisions }));
    invocation.output.lines(experimentText({ experiment, table, decisions, progress: new Map() }));
  },
};

function experimentText(picture: Picture): readonly string[] {
  const { experiment, table, decisions } = picture;
  const { plan } = experiment;
  const state = experiment.stateReason === null ? experiment.state : `${experiment.state} (${experiment.stateReason})`;
  return [
    `${experiment.name}: ${state}`,
    `Predicts ${experiment.target} (${experiment.task}) from ${counted(plan.featureColumns.length, "column")}; ` +
      `${plan.trainingRows} rows train, ${plan.validationRows} validate, ${plan.testRows} test; search ${experiment.preset}, engine ${experiment.engine}.`,
    ...plan.leftOut.map(({ name, reason }) => `Left out ${name}: ${reason}`),
    ...plan.warnings.map((warning) => `Warning: ${warning}`),
    "",
    ...trialTableLines(table),
    "",
    ...decisions.map((decision) => decisionSentence(decision, picture)),
    "",
    ...answerLines(experiment),
  ];
}
