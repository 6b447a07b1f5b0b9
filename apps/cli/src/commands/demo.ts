/** `rightsize demo`: everything once, on a real table, in a folder of its own that is gone afterwards. */
import { chmodSync, mkdtempSync, openAsBlob, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@rightsize/client";
import type { Command, Invocation } from "../command.ts";
import { startService } from "../launcher/start-service.ts";
import { demoPrefix, sweepDemos } from "../launcher/sweep-demos.ts";
import { carsFile } from "../launcher/workspace-paths.ts";
import { columnWords, counted, durationText } from "../render/numbers.ts";
import { watchExperiment } from "../watch/watch-experiment.ts";

const target = "Miles_per_Gallon";

export const demo: Command = {
  name: "demo",
  usage: "",
  summary: "See it work: find the right size of a network that predicts how far cars go on a gallon.",
  positionals: 0,
  options: {
    workers: { type: "string", value: "N", help: "trainings at once (RIGHTSIZE_SLOTS; one a core)" },
    keep: { type: "boolean", help: "keep the folder with its data and logs" },
  },
  async run(invocation) {
    const { output } = invocation;
    await sweepDemos(tmpdir());
    const dataFolder = mkdtempSync(join(tmpdir(), demoPrefix));
    // As root, Postgres runs as nobody, who must be able to pass through.
    chmodSync(dataFolder, 0o711);
    const remove = () => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    if (invocation.flag("keep")) output.say(`Data and logs stay in ${dataFolder}`);
    // Also where a second Ctrl-C ends everything at once.
    else process.once("exit", remove);
    await runDemo(invocation, dataFolder);
  },
};

async function runDemo(invocation: Invocation, dataFolder: string): Promise<void> {
  const { config, output, interrupts } = invocation;
  const since = performance.now();
  output.say("Starting Postgres, the API and a worker …");
  const service = await startService({
    dataFolder,
    host: "127.0.0.1",
    port: 0,
    slots: invocation.wholeNumber("workers", 1, 256, config.slots),
    engines: "onnx",
    databaseUrl: null,
    redisUrl: null,
    logLevel: config.logLevel ?? "info",
    logs: "files",
    // A demo's service is its own: nobody made a key for it.
    environment: { ...config.environment, RIGHTSIZE_REQUIRE_KEYS: undefined },
    say: output.say,
    signal: interrupts.signal,
  });
  try {
    output.say(`The API answers after ${durationText(performance.now() - since)}. The page: ${service.url}/`);
    const client = createClient({ url: service.url, signal: interrupts.signal });
    const dataset = await client.uploadDataset({ name: "cars.json", bytes: await openAsBlob(carsFile()) });
    output.say(`Uploaded cars.json: ${counted(dataset.rowCount, "car")}, ${counted(dataset.columns.length, "column")}.`);
    const experiment = await client.createExperiment({ name: "How far does a car go?", dataset: dataset.id, target, seed: 0 });
    const { plan } = experiment;
    output.say(
      `Question: which network predicts ${columnWords(target)} best? ${plan.trainingRows} cars train it, ${plan.validationRows} choose the size, ` +
        `${plan.testRows} are kept for the end.`,
    );
    for (const { name, reason } of plan.leftOut) output.say(`Left out ${name}: ${reason}`);
    for (const warning of plan.warnings) output.say(`Warning: ${warning}`);
    output.say("");
    await service.workerReady;
    await watchExperiment(client, experiment.id, output, interrupts.signal);
    output.say(`\nThe page was ${service.url}/experiments/${experiment.id}; it ends with the demo. npm start keeps one open.`);
  } finally {
    if (interrupts.signal.aborted) output.say("Stopping …");
    await service.stop();
  }
  output.say(`All stopped and cleaned up, ${durationText(performance.now() - since)} in all.`);
}
