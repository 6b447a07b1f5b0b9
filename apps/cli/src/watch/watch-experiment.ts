/** Watches an experiment to its end in the manner that fits where the output goes, and tells the answer. */
import type { Client } from "@rightsize/client";
import { CliError } from "../errors.ts";
import type { Output } from "../output.ts";
import { answerLines } from "../render/answer.ts";
import { trialTableLines } from "../render/trial-table.ts";
import { follow, type Picture } from "./follow.ts";
import { jsonWatcher } from "./json-watcher.ts";
import { liveWatcher } from "./live-watcher.ts";
import { plainWatcher } from "./plain-watcher.ts";
import { createTerminalRegion } from "./terminal-region.ts";

/** Resolves when the experiment SUCCEEDED; throws a CliError with the reason when it failed or was cancelled. */
export async function watchExperiment(client: Client, id: string, output: Output, signal: AbortSignal): Promise<Picture> {
  const picture = await followWith(client, id, output, signal);
  const { experiment } = picture;
  if (output.json) {
    output.line(JSON.stringify({ kind: "end", experiment, trials: picture.table.trials }));
  } else {
    if (!output.terminal) output.lines(["", ...trialTableLines(picture.table), ""]);
    output.lines(answerLines(experiment));
  }
  if (experiment.state !== "SUCCEEDED") {
    throw new CliError(
      `The experiment ${experiment.state === "CANCELLED" ? "was cancelled" : "failed"}: ${experiment.stateReason ?? "no reason given"}`,
    );
  }
  return picture;
}

async function followWith(client: Client, id: string, output: Output, signal: AbortSignal): Promise<Picture> {
  if (output.json) return follow(client, id, jsonWatcher(output.line), { signal });
  if (output.terminal === null) return follow(client, id, plainWatcher(output.line), { signal });
  const region = createTerminalRegion(output.terminal);
  try {
    return await follow(client, id, liveWatcher(region), { signal });
  } finally {
    region.end();
  }
}
