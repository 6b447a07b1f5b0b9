/** `rightsize watch ID`: follows an experiment from wherever it is to its end. */
import { type Command, clientOptions } from "../command.ts";
import { watchExperiment } from "../watch/watch-experiment.ts";
import { connect } from "./connect.ts";

export const watch: Command = {
  name: "watch",
  usage: "EXPERIMENT",
  summary: "Follow an experiment to its end; with --json every event as a line.",
  positionals: 1,
  options: clientOptions,
  async run(invocation) {
    const id = invocation.required(0, "EXPERIMENT");
    await watchExperiment(connect(invocation), id, invocation.output, invocation.interrupts.signal);
  },
};
