/** `rightsize workers`: who trains, and on what. */
import { type Command, clientOptions } from "../command.ts";
import { textTable } from "../render/text-table.ts";
import { connect } from "./connect.ts";

export const workers: Command = {
  name: "workers",
  usage: "",
  summary: "Workers, live or gone: machine, engines, device, what they are doing.",
  positionals: 0,
  options: clientOptions,
  async run(invocation) {
    const all = await connect(invocation).workers();
    const { output } = invocation;
    if (output.json) return output.line(JSON.stringify(all));
    if (all.length === 0) return output.say("No worker has come yet.");
    const columns = ["Worker", "Machine", "Engines", "Device", "Busy", "Last seen"].map((head) => ({ head, align: "left" as const }));
    const rows = all.map((worker) => [
      worker.id,
      `${worker.machine} (process ${worker.processId})`,
      worker.engines.join(", "),
      worker.device,
      `${worker.running.length} of ${worker.slots}`,
      worker.live ? "now" : `${worker.lastSeenAt.slice(0, 19).replace("T", " ")} UTC`,
    ]);
    output.lines(textTable(columns, rows));
  },
};
